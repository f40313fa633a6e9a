import { previousState, stackType, type AskPrevious } from "../model/previousState.ts";
import {
  annotation,
  isInstanceNamespace,
  kubernetesType,
  label,
  marksOf,
  metadataOf,
} from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { compareVersions, isVersion } from "../model/versions.ts";

export const mlflowIsNotDowngradedAfter = (ask: AskPrevious) =>
  resourceRule({
    name: "mlflow-is-not-downgraded",
    pack: "reliability",
    severity: "critical",
    demand: "No instance goes back to an older version of MLflow.",
    reason: "Its schema was migrated and doesn't go back: the older server refuses to start.",
    steps:
      "Keep the image of the version that runs, or take a later one (platform.image and platform.mlflowVersion of the environment).",
    types: [stackType, kubernetesType.namespace],
    async *check(resource) {
      // Judged before all others: the question is on its way when the first namespace comes.
      if (resource.type === stackType) return void ask(resource.urn);
      if (!isInstanceNamespace(resource)) return;
      const name = marksOf(resource)[label.instance];
      const version = metadataOf(resource.props).annotations?.[annotation.mlflowVersion];
      // What is missing or no version is said by mlflow-is-recent.
      if (name === undefined || version === undefined || !isVersion(version)) return;
      const previous = await ask(resource.urn);
      if ("refusal" in previous) {
        yield `The version that runs now is unknown: ${previous.refusal}.`;
        return;
      }
      const before = previous.instances.get(name)?.[annotation.mlflowVersion];
      if (before !== undefined && isVersion(before) && compareVersions(version, before) < 0)
        yield `MLflow goes from ${before} back to ${version}; keep the image of ${before} or a later one (platform.image and platform.mlflowVersion of the environment).`;
    },
  });

export const mlflowIsNotDowngraded = mlflowIsNotDowngradedAfter(previousState);
