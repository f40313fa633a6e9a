// A Deployment is ready when its newest revision has all its replicas available and the old ones
// are gone.
import { isObject } from "../../shared/values.ts";
import type { Properties } from "../../shared/values.ts";
import { annotation } from "../annotations.ts";
import { kindNamed, replicaSets } from "../kinds.ts";
import { at, condition, isOwnedBy, nameOf, namespaceOf, number, text } from "../objects.ts";
import { reasonsOfPods, selectorQuery } from "./pods.ts";
import type { Awaiter, Readiness, Waiting } from "./waiting.ts";

const deployments = kindNamed("Deployment");
const revision = "deployment.kubernetes.io/revision";

function deploymentReadiness(live: Properties): Readiness {
  const generation = number(live, "metadata", "generation") ?? 0;
  if ((number(live, "status", "observedGeneration") ?? 0) < generation)
    return { state: "waiting", progress: "waiting for the Deployment controller" };
  const progressing = condition(live, "Progressing");
  if (progressing?.["status"] === "False")
    return {
      state: "failed",
      reason: `[${text(progressing, "reason")}] ${text(progressing, "message")}`,
    };
  const wanted = number(live, "spec", "replicas") ?? 1;
  const updated = number(live, "status", "updatedReplicas") ?? 0;
  const all = number(live, "status", "replicas") ?? 0;
  const available = number(live, "status", "availableReplicas") ?? 0;
  if (updated < wanted)
    return { state: "waiting", progress: `${updated} of ${wanted} new pods made` };
  if (all > updated)
    return {
      state: "waiting",
      progress: `${all - updated} old pods still run, until the new ones are available`,
    };
  if (available < updated)
    return { state: "waiting", progress: `${available} of ${updated} pods available` };
  return { state: "ready" };
}

async function reasons(waiting: Waiting, object: Properties): Promise<string[]> {
  const { client, signal } = waiting;
  const namespace = namespaceOf(object);
  const live = await client.get(deployments, namespace, nameOf(object), signal).catch(() => object);
  const labels = at(live, "spec", "selector", "matchLabels");
  if (!isObject(labels)) return [];
  const failure = condition(live, "ReplicaFailure");
  const refused =
    failure?.["status"] === "True"
      ? [`[${text(failure, "reason")}] ${text(failure, "message")}`]
      : [];
  const sets = await client
    .list(replicaSets, namespace, { labelSelector: selectorQuery(labels) }, signal)
    .catch(() => []);
  const newest = sets.find(
    (set) => isOwnedBy(set, live) && annotation(set, revision) === annotation(live, revision),
  );
  return [
    ...refused,
    ...(newest
      ? await reasonsOfPods(waiting, namespace, labels, (pod) => isOwnedBy(pod, newest))
      : []),
  ];
}

export const deploymentAwaiter: Awaiter = {
  timeout: 600,
  watched: (object) => [
    {
      kind: deployments,
      namespace: namespaceOf(object),
      query: { fieldSelector: `metadata.name=${nameOf(object)}` },
    },
  ],
  probe: async ({ client, signal }, object) =>
    deploymentReadiness(await client.get(deployments, namespaceOf(object), nameOf(object), signal)),
  reasons,
};
