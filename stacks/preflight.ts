import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { parse } from "yaml";
import type { Environment } from "./environment.ts";
import { Probe, probeHttps, probePostgresql } from "./probes.ts";
import { failWith } from "./problems.ts";

// Long enough for a slow link, short enough that the slowest of the parallel checks answers within 10 s.
const timeoutMs = 8_000;

interface Target {
  readonly what: string;
  readonly where: string;
  /** Config path of the address. */
  readonly path: string;
  probe(probe: Probe): Promise<void>;
}

/**
 * Whether the systems that everything stands on can be reached: found out here, in preview and up alike, and not by the first resource of many
 * after minutes of retries. Reachability and certificate only: no credential is used.
 */
export async function preflight(environment: Environment, timeout = timeoutMs): Promise<void> {
  const targets = targetsOf(environment);
  const results = await Promise.all(
    targets.map(async (target) => {
      const reason = await reasonOf(target, timeout);
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
      probe: (probe) => probePostgresql(probe, postgresql, ca),
    },
    kubernetesTarget(kubernetes),
    {
      what: "S3",
      where: objectStore.endpoint,
      path: "platform.objectStore.endpoint",
      probe: (probe) => probeHttps(probe, { url: store, path: "/", ca }),
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
      probe: (probe) => probeHttps(probe, { url, path: "/version", ...options }),
    };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such kubeconfig file" : (error as Error).message;
    return {
      what,
      where: `context ${kubernetes.context} of ${kubernetes.kubeconfig}`,
      path,
      probe: () => Promise.reject(new Error(reason)),
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
async function reasonOf(target: Target, timeout: number): Promise<string | undefined> {
  const probe = new Probe();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeout / 1000} s`)), timeout);
  });
  try {
    await Promise.race([target.probe(probe), limit]);
    return undefined;
  } catch (error) {
    return wordsFor(error as NodeJS.ErrnoException);
  } finally {
    clearTimeout(timer);
    probe.end();
  }
}

/** A failed connection in the words of whoever has to mend it. */
export function wordsFor(error: NodeJS.ErrnoException): string {
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
