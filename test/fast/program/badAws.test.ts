import { expect, test } from "vitest";
import { parseEnvironment } from "../../../program/environment/environment.ts";
import { errorsOf, given, type Loose } from "./awsErrors.ts";
import { configOf, fixtureValues } from "./support.ts";

// What can work on AWS and what can't, told from the values alone: the fixture in other ways,
// secrets and review environments. Single values are badAwsAccount.test.ts' and
// badAwsServices.test.ts'. What only AWS knows is asked by the checks before an update.

test.each<[string, (platform: Loose) => void]>([
  ["as it is", () => undefined],
  [
    "cluster by name, pod identity of that cluster",
    (p) => Object.assign(p, { kubernetes: { clusterName: "dev" }, podIdentity: { eks: {} } }),
  ],
  ["pod identity of a named cluster", (p) => (p.podIdentity = { eks: { clusterName: "dev" } })],
  ["a given server at an address", (p) => (p.database = { given })],
  [
    "a given server by name, with its addresses",
    (p) =>
      Object.assign(p, {
        database: { given: { ...given, host: "db.example.com" } },
        network: { databaseCidrs: ["10.0.0.9/32"] },
      }),
  ],
  ["a public load balancer", (p) => (p.ingress.scheme = "internetFacing")],
  [
    "NGINX with cert-manager",
    (p) =>
      (p.ingress = {
        className: "nginx",
        controller: "nginx",
        controllerNamespace: "ingress",
        tls: { source: "certManager", clusterIssuer: "ca" },
      }),
  ],
  [
    "a boundary that AWS manages",
    (p) => (p.permissionsBoundaryArn = "arn:aws:iam::aws:policy/PowerUserAccess"),
  ],
  [
    "an emulator on loopback",
    (p) =>
      (p.artifactStore = {
        endpoints: { s3: "https://127.0.0.1:5000", sts: "https://127.0.0.1:5000" },
      }),
  ],
  [
    "another family than those known",
    (p) => Object.assign(p.database.rds, { instanceClass: "db.x2g.large", maxConnections: 5000 }),
  ],
])("right: %s", (_, change) => {
  expect(errorsOf(change)).toEqual([]);
});

test("there are no keys on AWS, and no password of a server that RDS manages", () => {
  const set = { secret: true };
  expect(
    errorsOf(() => undefined, {
      artifactStoreKeys: set,
      objectStoreSecretAccessKey: set,
      postgresqlAdminPassword: set,
    }),
  ).toEqual([
    "objectStoreSecretAccessKey: is set, but on kind aws no key exists: instances and this program have roles; remove it with `pulumi config rm`",
    "artifactStoreKeys: is set, but on kind aws no key exists: instances and this program have roles; remove it with `pulumi config rm`",
    "postgresqlAdminPassword: is set, but the server of database.rds has a secret that RDS manages; remove it with `pulumi config rm`",
  ]);
});

test("a given server needs its password, and a certificate of one's own both of its halves", () => {
  const change = (platform: Loose) => {
    platform.database = { given };
    platform.ingress = {
      className: "nginx",
      controller: "nginx",
      controllerNamespace: "ingress",
      tls: { source: "pem" },
    };
  };
  expect(
    errorsOf(change, { postgresqlAdminPassword: undefined, tlsPrivateKey: undefined }),
  ).toEqual([
    "postgresqlAdminPassword: is missing: the password of the PostgreSQL server's adminUser; set it with `pulumi config set --secret`",
    "tlsPrivateKey: is missing: the private key of that certificate (tls source pem); set it with `pulumi config set --secret`",
  ]);
});

test("a review environment is told whose server it lives on", () => {
  const values: Loose = fixtureValues("aws");
  values.preview = { pullRequest: 12, until: "2027-02-20", instances: ["shop"] };
  const parse = () => parseEnvironment({ ...configOf(values), stack: "pr-12" });
  expect(parse().problems).toEqual([
    {
      path: ["environment", "platform", "database", "rds", "identifier"],
      message:
        "is missing: a review environment has no server of its own, but that of the environment that it was made from",
    },
  ]);
  values.platform.database.rds.identifier = "mlflow-dev";
  expect(parse().problems).toEqual([]);
});
