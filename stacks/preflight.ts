import { readFileSync } from "node:fs";
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls, rootCertificates, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import { parse } from "yaml";
import { hostOfUrl, type Environment } from "./environment.ts";
import { failWith } from "./problems.ts";

// Long enough for a slow link, short enough that the slowest of the parallel checks answers within 10 s.
const timeoutMs = 8_000;

interface Target {
  readonly what: string;
  readonly where: string;
  /** Config path of the address. */
  readonly path: string;
  check(signal: AbortSignal): Promise<void>;
}

/**
 * Whether the systems that everything stands on can be reached: found out here, in preview and up alike, and not by the first resource of many
 * after minutes of retries. Reachability and certificate only: no credential is used.
 */
export async function preflight(environment: Environment, timeout = timeoutMs): Promise<void> {
  const targets = targetsOf(environment);
  const results = await Promise.all(
    targets.map(async (target) => {
      const reason = await reasonOf((signal) => target.check(signal), timeout);
      return reason === undefined ? [] : [`${target.what} at ${target.where} (${target.path}): ${reason}`];
    }),
  );
  const lines = results.flat();
  if (lines.length > 0) failWith(`Environment ${environment.name} can't be reached; nothing was changed:`, lines);
}

function targetsOf({ platform }: Environment): Target[] {
  const { kubernetes, postgresql, objectStore, caBundle } = platform;
  const ca = caBundle === undefined ? undefined : [...rootCertificates, caBundle];
  const store = new URL(objectStore.endpoint);
  return [
    {
      what: "PostgreSQL",
      where: `${postgresql.host}:${postgresql.port}`,
      path: "platform.postgresql",
      check: (signal) => checkPostgresql(postgresql, ca, signal),
    },
    kubernetesTarget(kubernetes),
    {
      what: "S3",
      where: objectStore.endpoint,
      path: "platform.objectStore.endpoint",
      check: (signal) => checkHttps(hostOfUrl(objectStore.endpoint), Number(store.port || 443), "/", { ca }, signal),
    },
  ];
}

function kubernetesTarget(kubernetes: { kubeconfig: string; context: string }): Target {
  const path = "platform.kubernetes";
  const what = "The Kubernetes API server";
  try {
    const cluster = clusterOf(readFileSync(kubernetes.kubeconfig, "utf8"), kubernetes.context);
    const url = new URL(cluster.server);
    const options = { ca: cluster.ca, rejectUnauthorized: !cluster.insecure, servername: cluster.serverName };
    return {
      what,
      where: cluster.server,
      path,
      check: (signal) => checkHttps(hostOfUrl(cluster.server), Number(url.port || 443), "/version", options, signal),
    };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such kubeconfig file" : (error as Error).message;
    return {
      what,
      where: `context ${kubernetes.context} of ${kubernetes.kubeconfig}`,
      path,
      check: () => Promise.reject(new Error(reason)),
    };
  }
}

interface Cluster {
  readonly server: string;
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly serverName: string | undefined;
}

/** The cluster that a context of a kubeconfig file means. */
export function clusterOf(kubeconfig: string, context: string): Cluster {
  type Named = { name?: string; context?: { cluster?: string }; cluster?: Record<string, unknown> };
  const file = parse(kubeconfig) as { contexts?: Named[]; clusters?: Named[] } | null;
  const contexts = file?.contexts ?? [];
  const found = contexts.find(({ name }) => name === context);
  if (!found) throw new Error(`there is no such context; the file has ${contexts.map(({ name }) => name).join(", ") || "none"}`);
  const cluster = file?.clusters?.find(({ name }) => name === found.context?.cluster)?.cluster;
  if (typeof cluster?.["server"] !== "string") throw new Error(`the context's cluster "${found.context?.cluster}" has no server`);
  const data = cluster["certificate-authority-data"];
  const file_ = cluster["certificate-authority"];
  return {
    server: cluster["server"],
    ca:
      typeof data === "string"
        ? Buffer.from(data, "base64").toString()
        : typeof file_ === "string"
          ? readFileSync(file_, "utf8")
          : undefined,
    insecure: cluster["insecure-skip-tls-verify"] === true,
    serverName: typeof cluster["tls-server-name"] === "string" ? cluster["tls-server-name"] : undefined,
  };
}

// Runs a check with a time limit that also holds while a name is being resolved, which no socket option covers.
async function reasonOf(check: (signal: AbortSignal) => Promise<void>, timeout: number): Promise<string | undefined> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeout / 1000} s`)), timeout);
  });
  try {
    await Promise.race([check(controller.signal), limit]);
    return undefined;
  } catch (error) {
    return wordsFor(error as NodeJS.ErrnoException);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

function wordsFor(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "connection refused: nothing listens there";
    case "ENOTFOUND":
      return "the name is unknown to DNS";
    case "EAI_AGAIN":
      return "the name could not be resolved: no DNS server answered";
    case "ECONNRESET":
      return "the other side closed the connection";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "there is no route to it";
    case "ETIMEDOUT":
      return "no answer";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `its certificate is for another host: ${error.message.split("altnames: ")[1] ?? error.message}`;
    case "CERT_HAS_EXPIRED":
      return "its certificate has expired";
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_GET_ISSUER_CERT":
      return `its certificate is signed by an authority that is not known here (${error.code})`;
    default:
      return error.message;
  }
}

const opened = (socket: Duplex, event: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => socket.destroy());
    socket.once(event, () => resolve());
    socket.once("error", reject);
    socket.once("close", () => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
  });

const firstBytes = (socket: Duplex): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    socket.once("data", resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
  });

async function openTls(options: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  const host = options.host ?? "";
  // A server name must not be an address (RFC 6066); the certificate is checked against the host all the same.
  const servername = options.servername ?? (isIP(host) === 0 ? host : "");
  const socket = connectTls({ ...options, servername });
  await opened(socket, "secureConnect", signal);
  return socket;
}

// Any answer in HTTP will do, a refusal too: who may do what is for the provider to find out.
async function checkHttps(
  host: string,
  port: number,
  path: string,
  options: { ca?: string | string[] | undefined; rejectUnauthorized?: boolean; servername?: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { ca, servername, rejectUnauthorized = true } = options;
  const socket = await openTls(
    { host, port, rejectUnauthorized, ...(ca === undefined ? {} : { ca }), ...(servername === undefined ? {} : { servername }) },
    signal,
  );
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${isIP(host) === 6 ? `[${host}]` : host}:${port}\r\nConnection: close\r\n\r\n`);
  const answer = (await firstBytes(socket)).toString("latin1");
  const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(answer)?.[1];
  if (status === undefined) throw new Error("it answers, but not in HTTP");
  if (status.startsWith("5")) throw new Error(`it answers with HTTP status ${status}`);
}

/** PostgreSQL's own greeting: asks for TLS, and goes through the handshake with the certificate check of the mode. */
async function checkPostgresql(
  postgresql: Environment["platform"]["postgresql"],
  ca: string[] | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { host, port, sslMode } = postgresql;
  const socket = connectTcp({ host, port });
  await opened(socket, "connect", signal);
  const request = Buffer.alloc(8);
  request.writeInt32BE(8, 0);
  request.writeInt32BE(80_877_103, 4);
  socket.write(request);
  const answer = (await firstBytes(socket)).toString("latin1", 0, 1);
  if (answer !== "S" && answer !== "N") throw new Error("it answers, but is not PostgreSQL");
  if (sslMode === "disable") return;
  if (answer === "N") throw new Error(`it has no TLS, which sslMode ${sslMode} asks for`);
  await openTls(
    {
      host,
      socket,
      rejectUnauthorized: sslMode !== "require",
      ...(ca === undefined ? {} : { ca }),
      // verify-ca leaves the name alone, as libpq does.
      ...(sslMode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
    },
    signal,
  );
}
