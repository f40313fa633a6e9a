import { namespaceName } from "@mlflow-instances/components/internal";
import { factsOf, type Platform } from "../../../program/platforms/index.ts";
import { openApiServer, type ApiServer } from "../../../program/preflight/apiServer.ts";
import { clientOf } from "../../../program/preflight/awsClient.ts";
import { eksContext } from "../../../program/preflight/eksCluster.ts";
import type { Context } from "../../../program/preflight/context.ts";
import { readContext } from "../../../program/preflight/kubeconfig.ts";
import { Probe } from "../../../program/preflight/probes.ts";
import type { Look } from "./guard.ts";
import type { KubeEvent, Pod } from "./objects.ts";

const lookMs = 8_000;
// Logins by a command last for minutes, an update may last for an hour.
const loginMs = 5 * 60_000;

/** Looks into the cluster of a platform, with the login that the platform's providers have. */
export function clusterLook(platform: Platform): Look {
  let open: { readonly api: Promise<ApiServer | undefined>; readonly at: number } | undefined;
  return async (instance) => {
    if (open === undefined || performance.now() - open.at > loginMs)
      open = { api: openApi(platform), at: performance.now() };
    const api = await open.api.catch(() => undefined);
    if (api === undefined) return undefined;
    const namespace = `/api/v1/namespaces/${namespaceName(instance)}`;
    const [pods, events] = await Promise.all([
      itemsOf<Pod>(api, `${namespace}/pods`),
      itemsOf<KubeEvent>(api, `${namespace}/events`),
    ]);
    return pods === undefined ? undefined : { pods, events: events ?? [] };
  };
}

async function openApi(platform: Platform): Promise<ApiServer | undefined> {
  const probe = new Probe();
  const timer = setTimeout(() => probe.end(), lookMs);
  try {
    const api = await openApiServer(await contextOf(platform, probe.signal), probe);
    return typeof api === "string" || api.login === undefined ? undefined : api;
  } finally {
    clearTimeout(timer);
  }
}

async function contextOf(platform: Platform, signal: AbortSignal): Promise<Context> {
  const facts = factsOf(platform);
  const { cluster } = facts;
  if (cluster.clusterName === undefined) return readContext(cluster.kubeconfig, cluster.context);
  const { clusterName, account } = cluster;
  return eksContext(
    clusterName,
    account,
    clientOf(account, "eks", facts.storeAuthorities()),
    signal,
  );
}

async function itemsOf<T>(api: ApiServer, path: string): Promise<readonly T[] | undefined> {
  const { status, body } = await Promise.race([
    api.get(`${path}?limit=500`),
    new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error("no answer")), lookMs).unref(),
    ),
  ]);
  return status === 200 ? ((JSON.parse(body) as { items?: T[] }).items ?? []) : undefined;
}
