import { expect, test } from "vitest";
import { contextOf } from "../../../../program/preflight/kubeconfig.ts";
import { folderWith } from "../support.ts";
import {
  answers,
  apiUrl,
  ca,
  cluster,
  linesOf,
  loopback,
  notes,
  reachable,
  serveExisting,
} from "./existingServers.ts";
import { hidden, ingressClasses, kubeconfig } from "./fakes.ts";

// An HTTPS server stands for the API server and for S3. What a real one of each says is the engine
// tests' business.

serveExisting();

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
  answers.api = () => ({ status: 200, body: ingressClasses() });
  expect(await linesOf(withHaproxy())).toEqual([missing().replace("nginx, traefik", "none")]);
});

test("an API server behind a proxy of many clusters is asked under its own path", async () => {
  const below = "/k8s/clusters/c-1";
  const asked: (string | undefined)[] = [];
  const answerAtRoot = answers.api;
  answers.api = (request) => {
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
  answers.api = ({ headers }) => ({
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
  answers.api = () => ({ status: 403 });
  expect(await linesOf(withHaproxy())).toEqual([]);
  answers.api = ({ url }) => ({ status: url === "/version" ? 200 : 503 });
  expect(await linesOf(withHaproxy())).toEqual([]);
  expect(notes).toEqual([
    `${unchecked}the context has no login by certificate, token or command.`,
    `${unchecked}the login may not list ingressclasses.networking.k8s.io.`,
    `${unchecked}asked for its classes, the API server answers with HTTP status 503.`,
  ]);
});
