import type { PolicyResource } from "@pulumi/policy";
import { kubernetesType } from "../model/resources.ts";
import { problemOf, stackRule, type Problem } from "../rule.ts";
import { countOf, replicasOf, selectsPodsOf, serversOf } from "../model/servers.ts";
import type { Instance } from "../model/stack.ts";

/** How many pods may be away at once, when all are well. */
function allowed(budget: PolicyResource, replicas: number): number {
  const { maxUnavailable, minAvailable } = budget.props["spec"] as Record<
    string,
    number | string | undefined
  >;
  if (maxUnavailable !== undefined) return countOf(maxUnavailable, replicas, Math.ceil);
  return minAvailable === undefined
    ? replicas
    : replicas - countOf(minAvailable, replicas, Math.ceil);
}

function* problemsOf(instance: Instance, server: PolicyResource): Generator<Problem> {
  const replicas = replicasOf(instance, server).least;
  const budgets = instance
    .of(kubernetesType.disruptionBudget)
    .filter(({ props }) => selectsPodsOf(props["spec"]?.selector, server));
  if (budgets.length === 0 && replicas > 1) {
    yield problemOf(
      instance,
      `The ${replicas} replicas of instance ${instance.name} have no PodDisruptionBudget; add one with maxUnavailable: 1 and a selector for their labels.`,
      server,
    );
  }
  for (const budget of budgets)
    if (replicas > 0 && allowed(budget, replicas) < 1)
      yield problemOf(
        instance,
        `The PodDisruptionBudget of instance ${instance.name} lets none of the ${replicas} pods go, so no node can be drained; set spec.maxUnavailable to 1 instead.`,
        budget,
      );
}

export const replicasHaveDisruptionBudget = stackRule({
  name: "replicas-have-disruption-budget",
  pack: "reliability",
  severity: "high",
  demand:
    "Several replicas of a tracking server have a PodDisruptionBudget, and every one lets a drain go on.",
  reason:
    "Without one a drain takes all replicas at once; with one that allows nothing, no node can be upgraded.",
  steps: "Add a PodDisruptionBudget with maxUnavailable: 1 and a selector for the server's pods.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      if (instance.deletionPrepared) continue;
      for (const server of serversOf(instance))
        yield* known(() => [...problemsOf(instance, server)]) ?? [];
    }
  },
});
