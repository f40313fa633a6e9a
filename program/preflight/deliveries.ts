import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { ApiServer } from "./apiServer.ts";
import type { Asked } from "./check.ts";
import type { Taken } from "./claims.ts";

// The engine takes over a Secret that is there already: what it holds would be lost.

// Never the Secret itself: what is in it is none of this program's business.
const metadataOnly =
  "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json;q=0";

/** Deliveries of tokens that the last update did not have, and that can't be made. */
export async function newDeliveries(
  api: ApiServer,
  { instances, last }: Pick<Asked, "instances" | "last">,
): Promise<Taken[]> {
  const wanted = instances.flatMap((instance) =>
    instance.prepareDeletion
      ? []
      : instance.tokens.flatMap(({ name: token, deliverTo }) => {
          const before = last.instances.get(instance.instanceName)?.tokens.get(token)?.deliveredTo;
          const isNew =
            deliverTo !== undefined && `${deliverTo.namespace}/${deliverTo.name}` !== before;
          return isNew ? [{ instance, token, ...deliverTo }] : [];
        }),
  );
  return (await Promise.all(wanted.map((each) => problemOf(api, each)))).flat();
}

interface Delivery {
  readonly instance: ResolvedInstance;
  readonly token: string;
  readonly namespace: string;
  readonly name: string;
}

async function problemOf(
  api: ApiServer,
  { instance, token, namespace, name }: Delivery,
): Promise<Taken[]> {
  const of = `The Secret ${name} in namespace ${namespace}, to which the token ${token} of instance ${instance.instanceName} is delivered`;
  const fault = (key: string) => ({
    instance,
    foreign: true,
    path: `tokens.${token}.deliverTo.${key}`,
  });
  const path = `/api/v1/namespaces/${namespace}`;
  const [there, secret] = await Promise.all([
    api.get(path, metadataOnly),
    api.get(`${path}/secrets/${name}`, metadataOnly),
  ]);
  if (there.status === 404)
    return [{ ...fault("namespace"), line: `${of}: there is no such namespace` }];
  if (secret.status === 404) return [];
  if (secret.status !== 200)
    return [
      { ...fault("name"), line: `${of}: the API server answers with HTTP status ${secret.status}` },
    ];
  const { metadata } = JSON.parse(secret.body) as {
    metadata?: { labels?: Readonly<Record<string, string>> };
  };
  const { labels = {} } = metadata ?? {};
  const ours =
    labels["app.kubernetes.io/component"] === "token-delivery" &&
    labels["app.kubernetes.io/instance"] === instance.instanceName &&
    labels["mlflow-instances/environment"] === instance.environment;
  return ours ? [] : [{ ...fault("name"), line: `${of}: it exists already; choose another name` }];
}
