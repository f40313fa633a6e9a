import { createHash } from "node:crypto";
import { chmodSync } from "node:fs";
import type { Server } from "node:https";
import { createServer, type Server as TcpServer, type Socket } from "node:net";
import { runtime } from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { fixtureEnvironment, folderWith } from "../support.ts";
import { identity, refusal, role, serviceOf, shellWithFixtureProfile } from "./fakeAws.ts";
import {
  hidden,
  httpsServer,
  ingressClasses,
  issue,
  kubeconfig,
  listen,
  portOf,
  postgresqlServer,
  refusals,
  type Answer,
  type FakePostgresql,
  type Issued,
} from "./fakes.ts";

// One HTTPS server stands for STS, S3, EKS and Route 53, another for the API server. Nothing leaves
// the machine: every endpoint is given, and the environment has neither profiles nor credentials
// but those of the test.

let ca: Issued;
let aws: Server, api: Server, postgresql: TcpServer;
const sockets = new Set<Socket>();
const database: FakePostgresql = { version: 160_009 };
let answers: { sts: Answer; iam: Answer; s3: Answer; eks: Answer; route53: Answer; api: Answer };
const asked: string[] = [];
const said = vi.hoisted(() => ({ info: [] as string[], warn: [] as string[] }));
vi.mock(import("@pulumi/pulumi"), async (original) => {
  const module = await original();
  const note = (texts: string[]) => (text: string) => Promise.resolve(void texts.push(text));
  return { ...module, log: { ...module.log, info: note(said.info), warn: note(said.warn) } };
});

beforeAll(async () => {
  ca = await issue("authority");
  const loopback = await issue("loopback", "127.0.0.1", ca);
  aws = httpsServer(loopback, (request) => {
    const { method, url = "", body } = request;
    const service = serviceOf(url, body);
    asked.push(`${service} ${method} ${url.split("?")[0]}`);
    return answers[service](request);
  });
  api = httpsServer(loopback, (request) => answers.api(request));
  postgresql = postgresqlServer(loopback, database, sockets);
  await Promise.all([aws, api, postgresql].map(listen));
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of [aws, api, postgresql]) server.close();
});

const deployer = "arn:aws:sts::123456789012:assumed-role/deploy/pipeline";

beforeEach(() => {
  asked.length = said.info.length = said.warn.length = 0;
  Object.assign(database, { version: 160_009, password: hidden });
  answers = {
    sts: () => identity(deployer),
    iam: () => role("arn:aws:iam::123456789012:role/ci/deploy"),
    s3: () => ({ status: 404 }),
    eks: () => ({ status: 500 }),
    route53: () => ({ status: 500 }),
    api: ({ url }) =>
      url === "/version" ? { status: 200 } : { status: 200, body: ingressClasses("alb") },
  };
  shellWithFixtureProfile();
});

const address = () => `https://127.0.0.1:${portOf(aws)}`;

// the values of a fixture
const environment = (change: (platform: any) => void = () => undefined) =>
  fixtureEnvironment(({ platform }) => {
    platform.caBundle = ca.pem.cert;
    platform.kubernetes = {
      kubeconfig: kubeconfig(`https://127.0.0.1:${portOf(api)}`, ca.pem.cert),
      context: "one",
    };
    platform.artifactStore = {
      endpoints: {
        s3: address(),
        sts: address(),
        iam: address(),
        eks: address(),
        route53: address(),
      },
    };
    change(platform);
  }, "aws");

const linesOf = (
  values: ReturnType<typeof environment>,
  fresh: string[] = [],
  timeout?: number,
): Promise<string[]> => refusals(values, { fresh, timeout, said: [...said.info, ...said.warn] });

const where = () => `AWS with profile fixture at ${address()} (platform.profile):`;

test("says nothing when everything is right, and asks for the identity and its role alone", async () => {
  expect(await linesOf(environment())).toEqual([]);
  expect(asked).toEqual(["sts POST /", "iam POST /"]);
  expect(said).toEqual({ info: [], warn: [] });
});

test("credentials of another account: both accounts and the profile are said, and nothing else is asked", async () => {
  answers.sts = () => identity("arn:aws:sts::210987654321:assumed-role/deploy/me", "210987654321");
  expect(await linesOf(environment(), ["shop"])).toEqual([
    `${where()} the credentials of profile fixture are for account 210987654321, but the environment is in 123456789012`,
  ]);
  expect(asked).toEqual(["sts POST /"]);
});

test.each([
  [
    "ExpiredToken",
    "the credentials of profile fixture have expired; log in again, for example `aws sso login --profile fixture`",
  ],
  [
    "InvalidClientTokenId",
    "the credentials of profile fixture are not known to AWS (InvalidClientTokenId); were they removed, or mistyped?",
  ],
  [
    "SignatureDoesNotMatch",
    "the credentials of profile fixture are not known to AWS (SignatureDoesNotMatch); were they removed, or mistyped?",
  ],
  ["AccessDenied", "it answers AccessDenied (HTTP status 403)"],
])("STS says %s", async (code, words) => {
  answers.sts = () => refusal(code);
  expect(await linesOf(environment())).toEqual([`${where()} ${words}`]);
});

test("no credentials: the profile is named that has none, or that nobody named one", async () => {
  expect(await linesOf(environment((platform) => (platform.profile = "nobody")))).toEqual([
    `AWS with profile nobody at ${address()} (platform.profile): there are none for the profile nobody; set platform.profile, or log in again, for example \`aws sso login --profile nobody\``,
  ]);
  expect(await linesOf(environment((platform) => delete platform.profile))).toEqual([
    `AWS at ${address()} (platform.accountId): there are none in this shell; set platform.profile, or log in again, or let the pipeline ask for new ones`,
  ]);
  expect(asked).toEqual([]);
});

test("a session of single sign-on that is over, and one that never began", async () => {
  const url = "https://example.com/start";
  const cached = `.aws/sso/cache/${createHash("sha1").update(url).digest("hex")}.json`;
  const config = `[profile sso]\nsso_start_url = ${url}\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = deploy\n`;
  const over = JSON.stringify({
    startUrl: url,
    region: "eu-central-1",
    accessToken: hidden,
    expiresAt: "2020-01-01T00:00:00Z",
  });
  for (const files of [{ config, [cached]: over }, { config }]) {
    const home = folderWith(files);
    vi.stubEnv("AWS_CONFIG_FILE", `${home}/config`);
    vi.stubEnv("HOME", home);
    expect(await linesOf(environment((platform) => (platform.profile = "sso")))).toEqual([
      `AWS with profile sso at ${address()} (platform.profile): the credentials of profile sso have expired; log in again, for example \`aws sso login --profile sso\``,
    ]);
  }
});

test("ambient credentials, as a pipeline has them", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDAMBIENT");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", hidden);
  vi.stubEnv("AWS_SESSION_TOKEN", hidden);
  expect(await linesOf(environment((platform) => delete platform.profile))).toEqual([]);
  answers.sts = () => refusal("ExpiredToken");
  expect(await linesOf(environment((platform) => delete platform.profile))).toEqual([
    `AWS at ${address()} (platform.accountId): the credentials of this shell have expired; log in again, or let the pipeline ask for new ones`,
  ]);
});

test("whom the buckets would refuse is an error of an update, and a warning of a preview", async () => {
  const reader = "arn:aws:sts::123456789012:assumed-role/reader/me";
  answers.sts = () => identity(reader);
  const words = `the credentials of profile fixture are of ${reader}, which is not among adminRoleArns: the buckets refuse it, also for the next update`;
  expect(await linesOf(environment())).toEqual([`AWS (platform.adminRoleArns): ${words}`]);
  const dry = vi.spyOn(runtime, "isDryRun").mockReturnValue(true);
  expect(await linesOf(environment())).toEqual([]);
  dry.mockRestore();
  expect(said.warn).toEqual([`platform.adminRoleArns: ${words}`]);
});

test("a role with another path than its own in adminRoleArns, which would lock out whoever deploys", async () => {
  answers.iam = () => role("arn:aws:iam::123456789012:role/aws-reserved/deploy");
  const words =
    "the role deploy is arn:aws:iam::123456789012:role/aws-reserved/deploy, which is not among adminRoleArns: the buckets refuse it, also for the next update";
  expect(await linesOf(environment())).toEqual([`AWS (platform.adminRoleArns): ${words}`]);
  answers.iam = () => refusal("AccessDenied");
  expect(await linesOf(environment())).toEqual([]);
  expect(said.info).toEqual([
    "Whether adminRoleArns has the role deploy with its path was not checked: it answers AccessDenied (HTTP status 403).",
  ]);
});

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
