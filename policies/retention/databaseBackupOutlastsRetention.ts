import type { PolicyResource } from "@pulumi/policy";
import { daysOf } from "../model/days.ts";
import { annotation, backupPlanType, databaseServerTypes, metadataOf } from "../model/resources.ts";
import { stackRule, type Context } from "../rule.ts";

/** Days that nothing outlasts. */
const forever = Number.POSITIVE_INFINITY;

/** For how long the backups of a plan are kept: those of its longest rule. */
const keptByPlan = (plan: PolicyResource): number =>
  Math.max(
    0,
    ...((plan.props["rules"] ?? []) as { lifecycle?: { deleteAfter?: number } }[]).map(
      ({ lifecycle }) => lifecycle?.deleteAfter ?? forever,
    ),
  );

const isPostgresql = ({ props }: PolicyResource): boolean =>
  ((props["engine"] as string | undefined) ?? "postgres").includes("postgres");

// A replica is made anew from its primary, which is what has backups.
const isReplica = ({ props }: PolicyResource): boolean =>
  ["replicateSourceDb", "replicationSourceIdentifier"].some(
    (source) => (props[source] ?? "") !== "",
  );

export const databaseBackupOutlastsRetention = stackRule({
  name: "database-backup-outlasts-retention",
  pack: "retention",
  severity: "high",
  demand:
    "Where the stack declares database servers or backup plans, automated backups are kept for at least the longest retention of its instances.",
  reason:
    "An experiment that can still be restored by its owner needs its rows from before the accident.",
  steps:
    "Raise backupRetention of the database server (35 days at most at RDS), add a backup plan that keeps longer, or lower deletedExperimentRetention.",
  *check(stack, context) {
    const retentions = stack.instances.flatMap((instance) => {
      const days = context.known(
        () => daysOf(metadataOf(instance.namespace.props).annotations?.[annotation.retention]) ?? 0,
      );
      return days === undefined ? [] : [{ name: instance.name, days }];
    });
    const ofType = (...types: readonly string[]) =>
      stack.resources.filter(({ type }) => types.includes(type));
    const servers = ofType(...databaseServerTypes).filter(
      (server) => context.known(() => isPostgresql(server) && !isReplica(server)) === true,
    );
    const plans = kept(ofType(backupPlanType), keptByPlan, context);
    const own = kept(
      servers,
      ({ props }) => (props["backupRetentionPeriod"] as number | undefined) ?? 0,
      context,
    );
    const longest = Math.max(0, ...plans.map(({ days }) => days));
    const judged =
      servers.length > 0
        ? own.map(({ resource, days }) => ({ resource, days: Math.max(days, longest) }))
        : plans;
    for (const { resource, days } of judged) {
      const longer = retentions.filter((retention) => retention.days > days);
      if (longer.length === 0) continue;
      const need = Math.max(...longer.map((retention) => retention.days));
      yield {
        message: `${resource.name} keeps automated backups for ${days} days, less than the ${need} days of ${longer.map(({ name }) => name).join(", ")}; ${remedyOf(resource, need)}.`,
        urn: resource.urn,
        instances: longer.map(({ name }) => name),
      };
    }
  },
});

const kept = (
  resources: readonly PolicyResource[],
  read: (resource: PolicyResource) => number,
  { known }: Pick<Context<unknown>, "known">,
) =>
  resources.flatMap((resource) => {
    const days = known(() => read(resource));
    return days === undefined ? [] : [{ resource, days }];
  });

/** The most that RDS keeps by itself, in days. */
export const mostOfRds = 35;

function remedyOf({ type }: PolicyResource, need: number): string {
  if (type === backupPlanType) return `set rules[].lifecycle.deleteAfter to ${need} or more`;
  return need <= mostOfRds
    ? `set backupRetentionPeriod to ${need} or more`
    : `RDS keeps at most ${mostOfRds}, so add an aws.backup.Plan whose rules[].lifecycle.deleteAfter is ${need} or more`;
}
