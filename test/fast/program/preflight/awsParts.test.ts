import { chmodSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test, vi } from "vitest";
import { folderWith } from "../support.ts";
import {
  answers,
  api,
  ca,
  database,
  environment,
  linesOf,
  postgresql,
  said,
  serveAws,
  sockets,
} from "./awsServers.ts";
import { ingressClasses, listen, portOf, type Answer } from "./fakes.ts";

// What an environment on AWS stands on: buckets, DNS zone, cluster, database server and endpoints.

serveAws();

test("buckets of new instances: of another account, of another region, ours, free", async () => {
  const owners: unknown[] = [];
  answers.s3 = ({ url = "", headers }) => {
    owners.push(headers["x-amz-expected-bucket-owner"]);
    return {
      status: url.includes("cart")
        ? 403
        : url.includes("till")
          ? 301
          : url.includes("shop")
            ? 200
            : 404,
    };
  };
  const taken = (name: string, reason: string) =>
    `The bucket mlflow-local-${name} of instance ${name} (platform.artifactStore.bucketPrefix): the name is taken, the bucket ${reason}; ` +
    "set another bucketPrefix (before the first update of the environment), or name the instance otherwise";
  expect(await linesOf(environment(), ["shop", "cart", "till", "free"])).toEqual([
    taken("cart", "belongs to another account, or its policy refuses us"),
    taken("till", "exists in another region"),
  ]);
  expect(owners).toEqual(Array(4).fill("123456789012"));
});

test("a domain that is not in its DNS zone, and a zone that is not there", async () => {
  const zone = (platform: { ingress: object }) =>
    Object.assign(platform.ingress, { dnsZoneId: "Z0123456789EXAMPLE" });
  const named =
    (name: string): Answer =>
    () => ({
      status: 200,
      body: `<GetHostedZoneResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZone><Id>/hostedzone/Z0123456789EXAMPLE</Id><Name>${name}.</Name><CallerReference>r</CallerReference></HostedZone></GetHostedZoneResponse>`,
    });
  for (const name of ["mlflow.example.com", "example.com"]) {
    answers.route53 = named(name);
    expect(await linesOf(environment(zone))).toEqual([]);
  }
  const line = "The DNS zone Z0123456789EXAMPLE at Route 53 (platform.ingress.dnsZoneId):";
  for (const name of ["example.org", "low.example.com", "ample.com"]) {
    answers.route53 = named(name);
    expect(await linesOf(environment(zone))).toEqual([
      `${line} it is ${name}, and the domain mlflow.example.com is not in it`,
    ]);
  }
  answers.route53 = () => ({
    status: 404,
    body: '<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>NoSuchHostedZone</Code><Message>m</Message></Error></ErrorResponse>',
  });
  expect(await linesOf(environment(zone))).toEqual([
    `${line} there is no such zone in this account`,
  ]);
});

const byName = (platform: { kubernetes: object }) =>
  (platform.kubernetes = { clusterName: "mlflow-dev" });
const line = "The EKS cluster mlflow-dev at eu-central-1 (platform.kubernetes.clusterName):";

test("a cluster by name: AWS is asked for it, the AWS command line for the login, and the cluster for its ingress classes", async () => {
  const cluster = {
    endpoint: `https://127.0.0.1:${portOf(api)}`,
    certificateAuthority: { data: Buffer.from(ca.pem.cert).toString("base64") },
  };
  answers.eks = () => ({
    status: 200,
    body: JSON.stringify({ cluster }),
    headers: { "content-type": "application/json" },
  });
  const bin = folderWith({
    aws: `#!/bin/sh\n[ "$*" = "--region eu-central-1 eks get-token --cluster-name mlflow-dev --output json --profile fixture" ] || { echo "wrong: $*" >&2; exit 1; }\necho '{"kind":"ExecCredential","status":{"token":"let-me-in"}}'\n`,
  });
  chmodSync(`${bin}/aws`, 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env["PATH"]}`);
  answers.api = ({ url, headers }) => {
    if (url === "/version") return { status: 200 };
    return headers.authorization === "Bearer let-me-in"
      ? { status: 200, body: ingressClasses("nginx") }
      : { status: 401 };
  };
  expect(await linesOf(environment(byName))).toEqual([
    `The ingress class "alb" at ${cluster.endpoint} (platform.ingress.className): the cluster has no such class; it has nginx`,
  ]);
  answers.api = ({ url }) => ({ status: url === "/version" ? 200 : 403 });
  expect(await linesOf(environment(byName))).toEqual([]);
  expect(said.info).toEqual([
    "Whether the cluster has the ingress class alb was not checked: the login may not list ingressclasses.networking.k8s.io.",
  ]);
  vi.stubEnv("PATH", "/nowhere");
  expect(await linesOf(environment(byName))).toEqual([
    `${line} its login asks the command aws, which is not on this machine`,
  ]);
});

test("no cluster of that name: those that there are", async () => {
  answers.eks = ({ url = "" }) =>
    url.startsWith("/clusters/")
      ? {
          status: 404,
          body: '{"message":"m"}',
          headers: { "x-amzn-errortype": "ResourceNotFoundException" },
        }
      : { status: 200, body: '{"clusters":["mlflow-staging","mlflow-prod"]}' };
  expect(await linesOf(environment(byName))).toEqual([
    `${line} there is no such cluster; the region has mlflow-staging, mlflow-prod`,
  ]);
  answers.eks = () => ({
    status: 403,
    body: '{"message":"m"}',
    headers: { "x-amzn-errortype": "AccessDeniedException" },
  });
  expect(await linesOf(environment(byName))).toEqual([
    `${line} it answers AccessDeniedException (HTTP status 403)`,
  ]);
});

test("every part says what is wrong with it, at once", async () => {
  answers.s3 = () => ({ status: 403 });
  answers.eks = () => ({
    status: 403,
    body: '{"message":"m"}',
    headers: { "x-amzn-errortype": "AccessDeniedException" },
  });
  const given = {
    host: "127.0.0.1",
    port: portOf(postgresql),
    adminUser: "admin",
    sslMode: "verify-ca",
    superuser: false,
    maxConnections: 200,
  };
  database.version = 130_000;
  const all = environment((platform) => {
    byName(platform);
    platform.database = { given };
  });
  expect(await linesOf(all, ["shop"])).toEqual([
    expect.stringMatching(/^The bucket mlflow-local-shop of instance shop .* the name is taken/),
    `${line} it answers AccessDeniedException (HTTP status 403)`,
    `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.database.given): its version is 13.0; 14 is the oldest that the instances work with`,
  ]);
});

test("an API server that never answers is told as such, and hides nothing else", async () => {
  const silent = createServer((socket) => void sockets.add(socket));
  await listen(silent);
  let endpoint = "https://127.0.0.1:1";
  answers.eks = () => ({
    status: 200,
    body: JSON.stringify({ cluster: { endpoint, certificateAuthority: { data: "" } } }),
  });
  answers.s3 = () => ({ status: 403 });
  const taken = expect.stringMatching(
    /^The bucket mlflow-local-shop of instance shop .* the name is taken/,
  );
  expect(await linesOf(environment(byName), ["shop"])).toEqual([
    taken,
    `${line} connection refused: nothing listens there`,
  ]);
  endpoint = `https://127.0.0.1:${portOf(silent)}`;
  expect(await linesOf(environment(byName), ["shop"], 1_000)).toEqual([
    taken,
    `${line} no answer within 1 s`,
  ]);
  silent.close();
});

test("endpoints that nobody can reach are told by their addresses", async () => {
  const closed = (service: string) =>
    environment((platform) => (platform.artifactStore.endpoints[service] = "https://127.0.0.1:1"));
  const refused = "connection refused: nothing listens there";
  expect(await linesOf(closed("sts"))).toEqual([
    `AWS with profile fixture at https://127.0.0.1:1 (platform.profile): ${refused}`,
  ]);
  expect(await linesOf(closed("s3"), ["shop"])).toEqual([
    `S3 at https://127.0.0.1:1 (platform.artifactStore): ${refused}`,
  ]);
});
