import { namespaceName } from "@mlflow-instances/components/internal";
import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { ApiServer } from "./apiServer.ts";
import type { Answer, Asked } from "./check.ts";
import { gone, judgeTaken, type Taken } from "./claims.ts";
import { newDeliveries } from "./deliveries.ts";

// Objects are asked for by lists, so that an environment of many instances costs as little as one
// of a few.

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
}

/** An Ingress or an HTTPRoute, which has hosts. */
interface HostOwner {
  readonly metadata: Metadata;
  readonly spec?: {
    readonly rules?: readonly { readonly host?: string }[];
    readonly hostnames?: readonly string[];
  };
}

const hostOwners = [
  { word: "ingress", path: "/apis/networking.k8s.io/v1/ingresses?" },
  { word: "route", path: "/apis/gateway.networking.k8s.io/v1/httproutes?" },
] as const;

const metadataOnly =
  "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";
const ours = `labelSelector=${encodeURIComponent("app.kubernetes.io/part-of=mlflow-instances,app.kubernetes.io/component in (instance,tracking-server)")}`;

/**
 * Whether what the last update made is still there, and whether namespaces and hosts of what is new
 * are free. Says nothing where the login may not list.
 */
export async function checkObjects(api: ApiServer, asked: Asked): Promise<Partial<Answer>> {
  const { instances, fresh, last } = asked;
  const deployed = instances.filter(({ instanceName }) => last.instances.has(instanceName));
  const moved = instances.filter(
    ({ instanceName, host }) => last.instances.get(instanceName)?.trackingUri !== `https://${host}`,
  );
  const [namespaces, deployments, ...answering] = await Promise.all([
    deployed.length === 0
      ? undefined
      : list<{ metadata: Metadata }>(api, `/api/v1/namespaces?${ours}`, metadataOnly),
    deployed.length === 0
      ? undefined
      : list<{ metadata: Metadata }>(api, `/apis/apps/v1/deployments?${ours}`, metadataOnly),
    ...(moved.length === 0
      ? []
      : hostOwners.map(async ({ word, path }) =>
          ((await list<HostOwner>(api, path)) ?? []).map((found) => ({ word, found })),
        )),
  ]);
  const missing = deployed.flatMap((instance) => missingOf(instance, namespaces, deployments));
  const taken = await Promise.all(fresh.map((instance) => takenNamespace(api, instance)));
  const hosts = moved.flatMap((instance) => takenHost(instance, answering.flat()));
  const deliveries = await newDeliveries(api, asked);
  const { errors = [], warnings = [] } = await judgeTaken(
    [...taken.flat(), ...hosts, ...deliveries],
    asked,
  );
  return { errors, warnings: [...missing, ...warnings] };
}

function missingOf(
  instance: ResolvedInstance,
  namespaces: readonly { metadata: Metadata }[] | undefined,
  deployments: readonly { metadata: Metadata }[] | undefined,
): string[] {
  const namespace = namespaceName(instance.instanceName);
  const there = namespaces?.find(({ metadata }) => metadata.name === namespace);
  if (
    namespaces !== undefined &&
    (there === undefined || there.metadata.deletionTimestamp !== undefined)
  )
    return [gone(`The namespace ${namespace}`, instance)];
  if (
    deployments !== undefined &&
    !deployments.some(({ metadata }) => metadata.namespace === namespace)
  )
    return [gone(`The tracking server (Deployment mlflow in ${namespace})`, instance)];
  return [];
}

/** One that isn't labelled may be in the way, too, so each is asked for by its name. */
async function takenNamespace(api: ApiServer, instance: ResolvedInstance): Promise<Taken[]> {
  const namespace = namespaceName(instance.instanceName);
  const { status, body } = await api.get(`/api/v1/namespaces/${namespace}`);
  if (status !== 200) return [];
  const { metadata } = JSON.parse(body) as { metadata?: Metadata };
  if (metadata?.name !== namespace) return [];
  const { labels = {}, annotations = {} } = metadata;
  const of = `The namespace ${namespace} of instance ${instance.instanceName} (platform.kubernetes)`;
  if (metadata.deletionTimestamp !== undefined)
    return [
      { instance, foreign: true, line: `${of}: it is being deleted; try again when it is gone` },
    ];
  const environment = labels["mlflow-instances/environment"];
  const owner = annotations["mlflow-instances/owner"];
  const who =
    environment === undefined
      ? "it has no labels of an instance"
      : `it belongs to environment ${environment}`;
  return [
    {
      instance,
      foreign: environment !== instance.environment,
      line: `${of}: it exists already; ${who}${owner === undefined ? "" : `, owner ${owner}`}. Name the instance otherwise`,
    },
  ];
}

function takenHost(
  instance: ResolvedInstance,
  answering: readonly { readonly word: string; readonly found: HostOwner }[],
): Taken[] {
  const other = answering.find(
    ({ found: { metadata, spec: { rules = [], hostnames = [] } = {} } }) =>
      metadata.namespace !== namespaceName(instance.instanceName) &&
      [...rules.map(({ host }) => host), ...hostnames].some(
        (host) => host?.toLowerCase() === instance.host,
      ),
  );
  if (other === undefined) return [];
  const { namespace, name } = other.found.metadata;
  const line = `The host ${instance.host} of instance ${instance.instanceName}: the ${other.word} ${name} in namespace ${namespace} has it already; set another host`;
  return [{ instance, foreign: true, line, path: "host" }];
}

/** All pages of a list; undefined where the API server doesn't give it. */
async function list<T extends { metadata: Metadata }>(
  api: ApiServer,
  path: string,
  accept?: string,
): Promise<T[] | undefined> {
  const all: T[] = [];
  let next = "";
  do {
    const { status, body } = await api.get(
      `${path}&limit=500${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`,
      accept,
    );
    if (status !== 200) return undefined;
    const { items, metadata } = JSON.parse(body) as {
      items?: T[] | null;
      metadata?: { continue?: string };
    };
    // An empty list of metadata alone has `null` for its items.
    all.push(...(items ?? []).filter((item) => typeof item.metadata?.name === "string"));
    next = metadata?.continue ?? "";
  } while (next !== "");
  return all;
}
