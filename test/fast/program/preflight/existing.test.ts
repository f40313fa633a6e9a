import type { Server } from "node:https";
import { createServer, type Server as TcpServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { contextOf } from "../../../../program/preflight/kubeconfig.ts";
import { fixtureEnvironment, folderWith } from "../support.ts";
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

// An HTTPS server stands for the API server and for S3. What a real one of each says is the engine
// tests' business.

let ca: Issued, loopback: Issued;
let api: Server, s3: Server, postgresql: TcpServer, silent: TcpServer;
const sockets = new Set<Socket>();
const database: FakePostgresql = { version: 160_009 };
let apiAnswer: Answer, s3Answer: Answer;
const notes = vi.hoisted((): string[] => []);
vi.mock(import("@pulumi/pulumi"), async (original) => {
  const module = await original();
  return {
    ...module,
    log: { ...module.log, info: (text: string) => Promise.resolve(void notes.push(text)) },
  };
});

beforeAll(async () => {
  ca = await issue("authority");
  loopback = await issue("loopback", "127.0.0.1", ca);
  api = httpsServer(loopback, (request) => apiAnswer(request));
  s3 = httpsServer(loopback, (request) => s3Answer(request));
  postgresql = postgresqlServer(loopback, database, sockets);
  silent = createServer((socket) => void sockets.add(socket));
  await Promise.all([api, s3, postgresql, silent].map(listen));
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of [api, s3, postgresql, silent]) server.close();
});
beforeEach(() => {
  notes.length = 0;
  Object.assign(database, { version: 160_009, password: hidden, lacks: "" });
  apiAnswer = ({ url, headers }) => {
    if (url === "/version") return { status: 403 };
    if (headers.authorization !== "Bearer let-me-in") return { status: 401 };
    return { status: 200, body: ingressClasses("nginx", "traefik") };
  };
  s3Answer = () => ({ status: 404 });
});

const apiUrl = () => `https://127.0.0.1:${portOf(api)}`;
const cluster = (user?: object) => ({
  kubeconfig: kubeconfig(apiUrl(), ca.pem.cert, user),
  context: "one",
});

// the values of a fixture
const reachable = (change: (platform: any) => void = () => undefined) =>
  fixtureEnvironment(({ platform }) => {
    platform.caBundle = ca.pem.cert;
    platform.kubernetes = cluster();
    Object.assign(platform.postgresql, { host: "127.0.0.1", port: portOf(postgresql) });
    platform.objectStore.endpoint = `https://127.0.0.1:${portOf(s3)}`;
    change(platform);
  });

const linesOf = (
  environment: ReturnType<typeof reachable>,
  timeout?: number,
  fresh: string[] = [],
): Promise<string[]> => refusals(environment, { timeout, fresh, said: notes });

test("says nothing when all three answer", async () => {
  expect(await linesOf(reachable())).toEqual([]);
  expect(notes).toEqual([]);
});

test("nothing listens: all three are named, with address, config path and reason", async () => {
  const closed = createServer();
  await listen(closed);
  const port = portOf(closed);
  await new Promise((resolve) => closed.close(resolve));
  const environment = reachable((platform) => {
    platform.postgresql.port = port;
    platform.kubernetes.kubeconfig = kubeconfig(`https://127.0.0.1:${port}`, ca.pem.cert);
    platform.objectStore.endpoint = `https://127.0.0.1:${port}`;
  });
  expect(await linesOf(environment)).toEqual([
    `PostgreSQL at 127.0.0.1:${port} (platform.postgresql): connection refused: nothing listens there`,
    `The Kubernetes API server at https://127.0.0.1:${port} (platform.kubernetes): connection refused: nothing listens there`,
    `S3 at https://127.0.0.1:${port} (platform.objectStore.endpoint): connection refused: nothing listens there`,
  ]);
});

test("three that never answer are reported together, within one time limit", async () => {
  const port = portOf(silent);
  const environment = reachable((platform) => {
    platform.postgresql.port = port;
    platform.kubernetes.kubeconfig = kubeconfig(`https://127.0.0.1:${port}`, ca.pem.cert);
    platform.objectStore.endpoint = `https://127.0.0.1:${port}`;
  });
  const begin = performance.now();
  const lines = await linesOf(environment, 500);
  expect(performance.now() - begin).toBeLessThan(1_400);
  expect(lines.map((line) => line.split(": ").at(-1))).toEqual(
    Array(3).fill("no answer within 0.5 s"),
  );
});

test("something else listens at PostgreSQL's port", async () => {
  const echo = createServer((socket) =>
    socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  );
  await listen(echo);
  const port = portOf(echo);
  const lines = await linesOf(reachable((platform) => (platform.postgresql.port = port)));
  echo.close();
  expect(lines).toEqual([
    `PostgreSQL at 127.0.0.1:${port} (platform.postgresql): it answers, but is not PostgreSQL`,
  ]);
});

test.each([
  [130_022, "13.22"],
  [90_624, "9.6"],
])("PostgreSQL %i is too old", async (version, shown) => {
  database.version = version;
  expect(await linesOf(reachable())).toEqual([
    `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.postgresql): its version is ${shown}; 14 is the oldest that the instances work with`,
  ]);
});

test("an administrator without the rights to make an instance's roles is told, with what is missing", async () => {
  database.lacks = "roles and databases";
  expect(await linesOf(reachable())).toEqual([
    `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.postgresql): postgres may not create roles and databases, and each instance has roles and a database of its own`,
  ]);
});

test("PostgreSQL 14 is new enough; a password that is wrong is said, and not shown", async () => {
  database.version = 140_000;
  expect(await linesOf(reachable())).toEqual([]);
  database.password = "another";
  expect(await linesOf(reachable())).toEqual([
    `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.postgresql): password authentication failed for user "postgres"`,
  ]);
});

test("kubeconfig: missing file, missing context", async () => {
  expect(
    await linesOf(
      reachable((platform) => (platform.kubernetes.kubeconfig = "/nowhere/kubeconfig")),
    ),
  ).toEqual([
    "The Kubernetes API server at context one of /nowhere/kubeconfig (platform.kubernetes): there is no such kubeconfig file",
  ]);
  const file = kubeconfig("https://127.0.0.1:1", ca.pem.cert);
  expect(
    await linesOf(
      reachable((platform) => (platform.kubernetes = { kubeconfig: file, context: "two" })),
    ),
  ).toEqual([
    `The Kubernetes API server at context two of ${file} (platform.kubernetes): there is no such context; the file has one`,
  ]);
  expect(() => contextOf("", "one")).toThrow("there is no such context; the file has none");
});

test("a kubeconfig that is no YAML: the place is said, and not what stands there", async () => {
  const file = `${folderWith({ kubeconfig: `users:\n  - name: u\n    user:\n      token: "${hidden}\n` })}/kubeconfig`;
  expect(
    await linesOf(
      reachable((platform) => (platform.kubernetes = { kubeconfig: file, context: "one" })),
    ),
  ).toEqual([
    `The Kubernetes API server at context one of ${file} (platform.kubernetes): the kubeconfig file is no YAML: Missing closing "quote at line 5, column 1`,
  ]);
});

const missing = () =>
  `The ingress class "haproxy" at ${apiUrl()} (platform.ingress.className): the cluster has no such class; it has nginx, traefik`;
const withHaproxy = (user?: object) =>
  reachable((platform) => {
    platform.kubernetes = cluster(user);
    platform.ingress.className = "haproxy";
  });

test("an ingress class that the cluster has not: those that it has are named", async () => {
  expect(await linesOf(withHaproxy())).toEqual([missing()]);
  apiAnswer = () => ({ status: 200, body: ingressClasses() });
  expect(await linesOf(withHaproxy())).toEqual([missing().replace("nginx, traefik", "none")]);
});

test("an API server behind a proxy of many clusters is asked under its own path", async () => {
  const below = "/k8s/clusters/c-1";
  const asked: (string | undefined)[] = [];
  const answerAtRoot = apiAnswer;
  apiAnswer = (request) => {
    asked.push(request.url);
    if (request.url?.startsWith(below) !== true) return { status: 200, body: "<html>" };
    return answerAtRoot(Object.assign(request, { url: request.url.slice(below.length) }));
  };
  for (const path of [below, `${below}/`]) {
    const environment = reachable((platform) => {
      platform.kubernetes.kubeconfig = kubeconfig(apiUrl() + path, ca.pem.cert);
      platform.ingress.className = "haproxy";
    });
    expect(await linesOf(environment)).toEqual([missing().replace(apiUrl(), apiUrl() + path)]);
  }
  expect(new Set(asked)).toEqual(
    new Set(
      [
        "/version",
        "/api/v1/namespaces/kube-system",
        "/apis/networking.k8s.io/v1/ingressclasses",
      ].map((path) => below + path),
    ),
  );
});

test("a login by a file, by a command, and by a certificate", async () => {
  const folder = folderWith({ token: "let-me-in\n" });
  expect(await linesOf(withHaproxy({ tokenFile: `${folder}/token` }))).toEqual([missing()]);

  const print = (credential: object) =>
    `process.stdout.write(${JSON.stringify(JSON.stringify(credential))})`;
  const command = (script: string) => ({
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: ["-e", script],
      env: [{ name: "ASKED", value: "yes" }],
    },
  });
  expect(
    await linesOf(
      withHaproxy(
        command(`if (process.env.ASKED === "yes") ${print({ status: { token: "let-me-in" } })}`),
      ),
    ),
  ).toEqual([missing()]);
  expect(await linesOf(withHaproxy(command(print({ status: {} }))))).toEqual([
    expect.stringMatching(
      /The Kubernetes API server .*: its login, the command .*, gives neither a token nor a certificate$/,
    ),
  ]);
  expect(
    await linesOf(
      withHaproxy(
        command(
          `console.error("a hint\\nnot logged in"); console.log("${hidden}"); process.exit(1)`,
        ),
      ),
    ),
  ).toEqual([
    expect.stringMatching(
      /The Kubernetes API server .*: its login, the command .*, fails: not logged in$/,
    ),
  ]);
  expect(await linesOf(withHaproxy({ exec: { command: "no-such-command-anywhere" } }))).toEqual([
    expect.stringMatching(
      /The Kubernetes API server .*: its login asks the command no-such-command-anywhere, which is not on this machine$/,
    ),
  ]);

  // The certificate itself is checked by real API servers; here it is enough that it is taken up,
  // and nothing else offered.
  apiAnswer = ({ headers }) => ({
    status: headers.authorization === undefined ? 200 : 401,
    body: ingressClasses("nginx", "traefik"),
  });
  const data = (text: string) => Buffer.from(text).toString("base64");
  const certificate = {
    "client-certificate-data": data(loopback.pem.cert),
    "client-key-data": data(loopback.pem.key),
  };
  expect(await linesOf(withHaproxy(certificate))).toEqual([missing()]);
});

test("a login that is refused is an error; one that may not ask, or that can't be made here, a note", async () => {
  expect(await linesOf(withHaproxy({ token: "stale" }))).toEqual([
    `The Kubernetes API server at ${apiUrl()} (platform.kubernetes): it does not accept the login of that context`,
  ]);
  const unchecked = "Whether the cluster has the ingress class haproxy was not checked: ";
  expect(await linesOf(withHaproxy({}))).toEqual([]);
  apiAnswer = () => ({ status: 403 });
  expect(await linesOf(withHaproxy())).toEqual([]);
  apiAnswer = ({ url }) => ({ status: url === "/version" ? 200 : 503 });
  expect(await linesOf(withHaproxy())).toEqual([]);
  expect(notes).toEqual([
    `${unchecked}the context has no login by certificate, token or command.`,
    `${unchecked}the login may not list ingressclasses.networking.k8s.io.`,
    `${unchecked}asked for its classes, the API server answers with HTTP status 503.`,
  ]);
});

test("the bucket of a new instance: one that is taken is named, ours and one that is free are fine", async () => {
  const asked: string[] = [];
  s3Answer = ({ method, url = "" }) => {
    asked.push(`${method} ${url.split("?")[0]}`);
    if (url.includes("cart")) return { status: 403 };
    return { status: url.includes("shop") ? 200 : 404 };
  };
  expect(await linesOf(reachable(), undefined, ["shop", "cart", "till"])).toEqual([
    "The bucket mlflow-local-cart of instance cart (platform.objectStore.bucketPrefix): the name is taken, the bucket belongs to another account, or its policy refuses us; " +
      "set another bucketPrefix (before the first update of the environment), or name the instance otherwise",
  ]);
  expect(asked.filter((line) => line.startsWith("HEAD")).sort()).toEqual(
    ["cart", "shop", "till"].map((name) => `HEAD /mlflow-local-${name}/`),
  );
});

test("every one of many new buckets is asked for, and they are told in the order of the instances", async () => {
  const asked = new Set<string>();
  s3Answer = ({ url = "" }) => {
    asked.add(url);
    return { status: /-(07|55)\//.test(url) ? 403 : 404 };
  };
  const names = Array.from({ length: 60 }, (_, index) => `shop-${String(index).padStart(2, "0")}`);
  const lines = await linesOf(reachable(), undefined, names);
  expect(lines.map((line) => /of instance (\S+)/.exec(line)?.[1])).toEqual(["shop-07", "shop-55"]);
  expect([...asked].filter((url) => url.includes("shop-"))).toHaveLength(60);
});

test("a key that the store refuses is no taken bucket", async () => {
  s3Answer = ({ method }) =>
    method === "HEAD"
      ? { status: 403 }
      : {
          status: 403,
          body: `<Error><Code>SignatureDoesNotMatch</Code><Message>${hidden}</Message></Error>`,
        };
  expect(await linesOf(reachable(), undefined, ["shop", "cart"])).toEqual([
    "The object store (platform.objectStore.accessKeyId): it does not accept the key (SignatureDoesNotMatch)",
  ]);
});
