import type { PolicyResource } from "@pulumi/policy";
import { z } from "zod";
import { roleNamesOf } from "../model/names.ts";
import {
  bucketTypes,
  component,
  databaseType,
  httpRouteTypes,
  kubernetesType,
  label,
  marksOf,
  roleType,
} from "../model/resources.ts";
import { onlyRedirectsToHttps } from "../model/routes.ts";
import { problemOf, stackRule } from "../rule.ts";

interface Part {
  readonly types: readonly string[];
  /** Its name in messages. Default: its key, which is its name in the setting. */
  readonly title?: string;
  /** Which of them it is; without it, each is. */
  readonly is?: (resource: PolicyResource, instance: string) => boolean;
  /** Whether an instance that is being deleted still has it. */
  readonly kept?: true;
}

const labelled = (type: string, value: string): Part => ({
  types: [type],
  is: (resource) => marksOf(resource)[label.component] === value,
});

type RoleKind = keyof ReturnType<typeof roleNamesOf>;

/**
 * Which role of an instance it is: by its name, else by the end of its name or its logical name,
 * because a wrong name is database-follows-instance's matter.
 */
function kindOf({ name: logical, props }: PolicyResource, instance: string): RoleKind {
  const name = (props["name"] as string | undefined) ?? "";
  const exact = Object.entries(roleNamesOf(instance)).find(([, own]) => own === name)?.[0] as
    RoleKind | undefined;
  if (exact !== undefined) return exact;
  const endsWith = (ending: string) =>
    name.endsWith(ending) ||
    logical
      .replaceAll("-", "_")
      .replace(/_role$/, "")
      .endsWith(ending);
  return endsWith("_retention") ? "retention" : endsWith("_stale_runs") ? "staleRuns" : "owner";
}

const roleOfKind = (kind: RoleKind): Part => ({
  types: [roleType],
  is: (role, instance) => kindOf(role, instance) === kind,
});

const parts: Record<string, Part> = {
  bucket: { types: bucketTypes, kept: true },
  database: { types: [databaseType], kept: true },
  "database owner role": roleOfKind("owner"),
  "retention role": roleOfKind("retention"),
  "stale-runs role": roleOfKind("staleRuns"),
  "tracking server (Deployment, component tracking-server)": labelled(
    kubernetesType.deployment,
    component.trackingServer,
  ),
  "Service (component tracking-server)": labelled(kubernetesType.service, component.trackingServer),
  "migration (Job, component migration)": labelled(kubernetesType.job, component.migration),
  "token Secret (component access-tokens)": labelled(kubernetesType.secret, component.accessTokens),
  "retention job (CronJob, component retention)": labelled(
    kubernetesType.cronJob,
    component.retention,
  ),
  "stale-runs job (CronJob, component stale-runs)": labelled(
    kubernetesType.cronJob,
    component.staleRuns,
  ),
  // The key is that of configurations from before there were routes.
  Ingress: {
    types: [kubernetesType.ingress, ...httpRouteTypes],
    title: "Ingress or HTTPRoute",
    is: (resource) => !onlyRedirectsToHttps(resource),
  },
};

export const instanceHasEachPartOnce = stackRule({
  name: "instance-has-each-part-once",
  pack: "isolation",
  severity: "high",
  demand: "Every instance has each of its parts exactly once.",
  reason:
    "With a missing part the instance does not work or is not maintained; with a second one, one of the two is never used.",
  steps:
    "Add the part that is missing with the instance's labels or tags, or remove the one that is too many.",
  settings: z.object({
    optional: z
      .array(z.enum(Object.keys(parts) as [string, ...string[]]))
      .default([])
      .describe(
        "Parts that an instance may lack, for a platform that has another way; two are still one too many. Ingress stands for an HTTPRoute, too.",
      ),
  }),
  *check({ instances }, { settings, known }) {
    for (const instance of instances) {
      for (const [part, { types, title = part, is = () => true, kept }] of Object.entries(parts)) {
        if (instance.deletionPrepared && kept !== true) continue;
        const candidates = instance
          .of(...types)
          .map((resource) => ({ resource, verdict: known(() => is(resource, instance.name)) }));
        const found = candidates
          .filter(({ verdict }) => verdict === true)
          .map(({ resource }) => resource);
        if (found.length === 1) continue;
        // One that a preview can't know may be it.
        const mayLack =
          settings.optional.includes(part) ||
          candidates.some(({ verdict }) => verdict === undefined);
        if (found.length === 0 && mayLack) continue;
        yield found.length === 0
          ? problemOf(
              instance,
              `Instance ${instance.name} has no ${title}; add it, with the instance's labels or tags.`,
            )
          : problemOf(
              instance,
              `Instance ${instance.name} has ${found.length} of ${title}: ${found.map(({ name }) => name).join(", ")}; remove all but one, or label it as what it is.`,
              found[1],
            );
      }
    }
  },
});
