import { z } from "zod";
import {
  annotation,
  isInstanceNamespace,
  isOfInstance,
  kubernetesType,
  metadataOf,
} from "../model/resources.ts";
import { resourceRule, type Resource } from "../rule.ts";
import { compareVersions, isVersion } from "../model/versions.ts";
import { podOf, workloadTypes } from "../model/workloads.ts";

/**
 * The version that a namespace or a pod template declares, with the way to it; undefined for what
 * is no instance's.
 */
function declared(
  resource: Resource,
): { path: string; version: string | undefined; asked: boolean } | undefined {
  if (resource.type === kubernetesType.namespace) {
    if (!isInstanceNamespace(resource)) return undefined;
    return {
      path: "metadata.annotations",
      version: metadataOf(resource.props).annotations?.[annotation.mlflowVersion],
      asked: true,
    };
  }
  if (!isOfInstance(resource)) return undefined;
  const { metadata, spec } = podOf(resource);
  const path = spec.path.replace(/spec$/, "metadata.annotations");
  return {
    path,
    version: metadata["annotations"]?.[annotation.mlflowVersion] as string | undefined,
    asked: false,
  };
}

export const mlflowIsRecent = resourceRule({
  name: "mlflow-is-recent",
  pack: "security",
  severity: "critical",
  demand:
    "Every instance declares the version of MLflow that it runs, and it is no older than the least one.",
  reason:
    "Before 3.17 an MLflow server has known holes, and lacks the checks of hosts and origins that the instances rely on.",
  steps:
    "Deploy an image with the version of the message or later (platform.image and platform.mlflowVersion of the environment).",
  settings: z.object({
    least: z
      .string()
      .refine(isVersion, { error: "is not a version such as 3.17" })
      .default("3.17")
      .describe("Least version of MLflow."),
  }),
  types: [kubernetesType.namespace, ...workloadTypes],
  *check(resource, { settings }) {
    const found = declared(resource);
    if (found === undefined) return;
    const { path, version, asked } = found;
    if (version === undefined) {
      if (asked)
        yield `Set ${path} ${annotation.mlflowVersion} to the version of MLflow that the instance's image holds.`;
    } else if (!isVersion(version))
      yield `${path} ${annotation.mlflowVersion} is "${version}", which is no version; set it to one such as 3.17.2.`;
    else if (compareVersions(version, settings.least) < 0)
      yield `MLflow is ${version} (${path} ${annotation.mlflowVersion}); use an image with ${settings.least} or later (platform.image and platform.mlflowVersion of the environment).`;
  },
});
