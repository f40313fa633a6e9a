import "reflect-metadata";
import { createServer as createHttps, type Server } from "node:https";
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from "@peculiar/x509";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { clusterOf, preflight } from "../../../stacks/preflight.ts";
import { fixtureEnvironment, folderWith } from "./support.ts";

// Real sockets on loopback: an HTTPS server stands for the API server and S3, and a listener that speaks PostgreSQL's greeting for PostgreSQL.

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const validity = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) };

interface Issued {
  certificate: X509Certificate;
  keys: CryptoKeyPair;
  pem: { cert: string; key: string };
}

async function issue(name: string, address?: string, authority?: Issued): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: authority?.certificate.subject ?? `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: (authority?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(authority === undefined, undefined, true),
      ...(address === undefined ? [] : [new SubjectAlternativeNameExtension([{ type: "ip", value: address }])]),
    ],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { certificate, keys, pem: { cert: certificate.toString("pem"), key } };
}

let ca: Issued, loopback: Issued, elsewhere: Issued;
let https: Server, postgresql: TcpServer, silent: TcpServer;
const sockets = new Set<Socket>();
const listen = (server: TcpServer) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const portOf = (server: TcpServer) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  ca = await issue("authority");
  loopback = await issue("loopback", "127.0.0.1", ca);
  elsewhere = await issue("elsewhere", "192.0.2.1", ca);
  // 403 to everybody: an answer without a credential is all that the check wants.
  https = createHttps(loopback.pem, (_, response) => response.writeHead(403).end());
  postgresql = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    socket.once("data", (request) => {
      if (request.readInt32BE(4) !== 80_877_103) return socket.destroy();
      socket.write("S");
      new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(loopback.pem) }).on("error", () => undefined);
    });
  });
  silent = createServer((socket) => void sockets.add(socket));
  await Promise.all([https, postgresql, silent].map(listen));
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of [https, postgresql, silent]) server.close();
});

function kubeconfig(server: string, authority = ca.pem.cert): string {
  const cluster = { server, "certificate-authority-data": Buffer.from(authority).toString("base64") };
  const text = stringify({ contexts: [{ name: "one", context: { cluster: "c" } }], clusters: [{ name: "c", cluster }] });
  return `${folderWith({ kubeconfig: text })}/kubeconfig`;
}

// the values of a fixture
const reachable = (change: (platform: any) => void = () => undefined) =>
  fixtureEnvironment(({ platform }) => {
    platform.caBundle = ca.pem.cert;
    platform.kubernetes = { kubeconfig: kubeconfig(`https://127.0.0.1:${portOf(https)}`), context: "one" };
    Object.assign(platform.postgresql, { host: "127.0.0.1", port: portOf(postgresql) });
    platform.objectStore.endpoint = `https://127.0.0.1:${portOf(https)}`;
    change(platform);
  });

async function linesOf(environment: ReturnType<typeof reachable>, timeout?: number): Promise<string[]> {
  const failure = await preflight(environment, timeout).then(
    () => undefined,
    (error: Error) => error,
  );
  if (failure === undefined) return [];
  const [title, ...lines] = failure.message.split("\n");
  expect(title).toBe("Environment local can't be reached; nothing was changed:");
  return lines;
}

test("says nothing when all three answer", async () => {
  expect(await linesOf(reachable())).toEqual([]);
});

test("nothing listens: all three are named, with address, config path and reason", async () => {
  const closed = createServer();
  await listen(closed);
  const port = portOf(closed);
  await new Promise((resolve) => closed.close(resolve));
  const environment = reachable((platform) => {
    platform.postgresql.port = port;
    platform.kubernetes.kubeconfig = kubeconfig(`https://127.0.0.1:${port}`);
    platform.objectStore.endpoint = `https://127.0.0.1:${port}`;
  });
  expect(await linesOf(environment)).toEqual([
    `  PostgreSQL at 127.0.0.1:${port} (platform.postgresql): connection refused: nothing listens there`,
    `  The Kubernetes API server at https://127.0.0.1:${port} (platform.kubernetes): connection refused: nothing listens there`,
    `  S3 at https://127.0.0.1:${port} (platform.objectStore.endpoint): connection refused: nothing listens there`,
  ]);
});

test("three that never answer are reported together, within one time limit", async () => {
  const port = portOf(silent);
  const environment = reachable((platform) => {
    platform.postgresql.port = port;
    platform.kubernetes.kubeconfig = kubeconfig(`https://127.0.0.1:${port}`);
    platform.objectStore.endpoint = `https://127.0.0.1:${port}`;
  });
  const begin = performance.now();
  const lines = await linesOf(environment, 500);
  expect(performance.now() - begin).toBeLessThan(1_400);
  expect(lines.map((line) => line.split(": ").at(-1))).toEqual(Array(3).fill("no answer within 0.5 s"));
});

test("an unknown authority and a certificate for another host are told apart", async () => {
  const stranger = await issue("stranger");
  expect(await linesOf(reachable((platform) => (platform.caBundle = stranger.pem.cert)))).toEqual([
    expect.stringMatching(/PostgreSQL .*: its certificate is signed by an authority that is not known here \(/),
    expect.stringMatching(/S3 .*: its certificate is signed by an authority that is not known here \(/),
  ]);
  const other = createHttps(elsewhere.pem, () => undefined);
  await listen(other);
  const lines = await linesOf(reachable((platform) => (platform.objectStore.endpoint = `https://127.0.0.1:${portOf(other)}`)));
  other.close();
  expect(lines).toEqual([
    expect.stringMatching(/S3 at .*: its certificate is for another host: IP: 127\.0\.0\.1 is not in the cert's list: 192\.0\.2\.1/),
  ]);
});

test("something else listens at PostgreSQL's port", async () => {
  const echo = createServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await listen(echo);
  const port = portOf(echo);
  const lines = await linesOf(reachable((platform) => (platform.postgresql.port = port)));
  echo.close();
  expect(lines).toEqual([`  PostgreSQL at 127.0.0.1:${port} (platform.postgresql): it answers, but is not PostgreSQL`]);
});

test("kubeconfig: missing file, missing context", async () => {
  expect(await linesOf(reachable((platform) => (platform.kubernetes.kubeconfig = "/nowhere/kubeconfig")))).toEqual([
    "  The Kubernetes API server at context one of /nowhere/kubeconfig (platform.kubernetes): there is no such kubeconfig file",
  ]);
  const file = kubeconfig("https://127.0.0.1:1");
  expect(await linesOf(reachable((platform) => (platform.kubernetes = { kubeconfig: file, context: "two" })))).toEqual([
    `  The Kubernetes API server at context two of ${file} (platform.kubernetes): there is no such context; the file has one`,
  ]);
  expect(() => clusterOf("", "one")).toThrow("there is no such context; the file has none");
});
