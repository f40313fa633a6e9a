import type { ApiServer } from "./apiServer.ts";
import { fault, type Asked, type Fault } from "./check.ts";

/**
 * Whether this is the cluster of the last update. The UID of the namespace `kube-system` identifies
 * a cluster: a kubeconfig at the same path, with the same context's name, may point to another one.
 * Gives the error, if it isn't.
 */
export async function checkIdentity(
  api: ApiServer,
  server: string,
  asked: Asked,
): Promise<Fault | undefined> {
  const { status, body } = await api.get("/api/v1/namespaces/kube-system");
  const uid = status === 200 ? uidOf(body) : undefined;
  if (uid === undefined) return undefined;
  const { cluster } = asked.last;
  if (cluster === undefined || cluster === uid || asked.acceptedCluster === uid) {
    asked.found(uid);
    return undefined;
  }
  const of = { what: "The cluster", where: server, path: "platform.kubernetes" };
  return fault(
    of,
    `it is not the one that this stack was deployed to: its namespace kube-system has the UID ${uid}, the state knows ${cluster}. Choose the kubeconfig and context of that cluster. ` +
      `If it was rebuilt and its instances are to be made again in this one: \`pulumi config set cluster ${uid}\`, then \`npx mlflow-instances deploy <stack> --refresh\``,
  );
}

function uidOf(body: string): string | undefined {
  const { metadata } = JSON.parse(body) as { metadata?: { uid?: unknown } };
  return typeof metadata?.uid === "string" ? metadata.uid : undefined;
}
