import { z } from "zod";
import { daysOf } from "../model/days.ts";
import { lifecycleRulesOf, type LifecycleRule } from "../model/lifecycles.ts";
import {
  annotation,
  component,
  intelligentTieringType,
  kubernetesType,
  lifecycleTypes,
  metadataOf,
} from "../model/resources.ts";
import { problemOf, stackRule, type Context } from "../rule.ts";
import type { Instance } from "../model/stack.ts";
import { variableOf } from "../model/workloads.ts";

type Known = Pick<Context<unknown>, "known">;

/** Storage classes whose objects take hours to come back; MLflow reads at once or not at all. */
const frozen = ["GLACIER", "DEEP_ARCHIVE"];

const temporary = z.string().regex(/^[^/].*\/$/, { error: 'is not a prefix such as "tmp/"' });

export const bucketLifecycleKeepsArtifacts = stackRule({
  name: "bucket-lifecycle-keeps-artifacts",
  pack: "retention",
  severity: "critical",
  demand:
    "The lifecycle of a bucket ends aborted uploads everywhere, and removes or freezes nothing but temporary files, and noncurrent versions no sooner than the retention.",
  // Noncurrent versions: an artifact that was overwritten or deleted by mistake can be brought back
  // for as long as a deleted experiment can.
  reason:
    "Whether an artifact is still needed only MLflow knows: a live registered version may point to an object of any age.",
  steps:
    "Remove expirations and cold transitions of artifacts from the lifecycle, set noncurrentDays to the retention or more, and end aborted uploads in the whole bucket.",
  settings: z.object({
    temporaryPrefixes: z
      .array(temporary)
      .default(["tmp/", "maintenance/"])
      .describe("Prefixes under which current objects may expire."),
  }),
  *check({ instances }, { settings, known }) {
    for (const instance of instances) {
      const retention = leastRetention(instance, { known });
      const isTemporary = (prefix: string) =>
        settings.temporaryPrefixes.some((allowed) => prefix.startsWith(allowed));
      const allowed = settings.temporaryPrefixes.join(", ");
      for (const lifecycle of instance.of(...lifecycleTypes)) {
        const rules = known(() => lifecycleRulesOf(lifecycle.props))?.map((read) => known(read));
        if (rules === undefined) continue;
        for (const rule of rules) {
          if (rule === undefined) continue;
          for (const message of problemsOf(rule, retention, isTemporary(rule.prefix), allowed)) {
            yield problemOf(instance, `${rule.title} of ${lifecycle.name} ${message}`, lifecycle);
          }
        }
        const ends = rules.some(
          (rule) => rule === undefined || (rule.active && rule.endsUploads && rule.prefix === ""),
        );
        if (ends) continue;
        yield problemOf(
          instance,
          `${lifecycle.name} of instance ${instance.name} leaves aborted uploads for ever; add a rule with abortIncompleteMultipartUpload for the whole bucket (filter.prefix "").`,
          lifecycle,
        );
      }
      for (const tiering of instance.of(intelligentTieringType)) {
        const freezes = known(
          () =>
            tiering.props["status"] !== "Disabled" &&
            (tiering.props["tierings"] ?? []).length > 0 &&
            !isTemporary(tiering.props["filter"]?.["prefix"] ?? ""),
        );
        if (freezes !== true) continue;
        yield problemOf(
          instance,
          `${tiering.name} of instance ${instance.name} moves objects that are seldom read to an archive, from which MLflow can't read; remove it.`,
          tiering,
        );
      }
    }
  },
});

function* problemsOf(
  rule: LifecycleRule,
  retention: number,
  temporaryOnly: boolean,
  allowed: string,
): Generator<string> {
  if (!rule.active) return;
  const where = rule.prefix === "" ? "in the whole bucket" : `under ${rule.prefix}`;
  if (rule.expires && !temporaryOnly)
    yield `removes objects ${where}; remove its expiration, or give it one of the prefixes ${allowed}.`;
  const cold = rule.classes.filter((name) => frozen.includes(name));
  if (cold.length > 0 && !temporaryOnly) {
    yield `moves objects ${where} to ${cold.join(", ")}, from which MLflow can't read; remove that transition.`;
  }
  if (rule.noncurrentDays !== undefined && rule.noncurrentDays < retention && !temporaryOnly) {
    yield `removes noncurrent versions ${where} after ${rule.noncurrentDays} days, before the retention of ${retention}d ends; set noncurrentDays to ${retention} or more.`;
  }
}

// Where what is declared and what is applied differ, retention-job-applies-retention speaks, and
// here the shorter counts.
function leastRetention(instance: Instance, { known }: Known): number {
  const declared = known(() =>
    daysOf(metadataOf(instance.namespace.props).annotations?.[annotation.retention]),
  );
  const applied = instance
    .component(component.retention)
    .filter(({ type }) => type === kubernetesType.cronJob)
    .map((job) =>
      known(() => daysOf(variableOf(job, "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION"))),
    );
  return Math.min(declared ?? 0, ...applied.map((days) => days ?? Number.POSITIVE_INFINITY));
}
