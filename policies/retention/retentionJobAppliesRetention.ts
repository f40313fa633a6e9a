import { annotation, component, kubernetesType, metadataOf } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import { variableOf } from "../model/workloads.ts";

const applied = [
  {
    variable: "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION",
    declared: annotation.retention,
    noun: "retention",
    isOptional: false,
  },
  {
    variable: "MLFLOW_INSTANCE_TRACE_RETENTION",
    declared: annotation.traceRetention,
    noun: "trace retention",
    isOptional: true,
  },
] as const;

export const retentionJobAppliesRetention = stackRule({
  name: "retention-job-applies-retention",
  pack: "retention",
  severity: "high",
  demand:
    "The maintenance job of an instance runs, and removes after just the time that the instance declares.",
  reason:
    "Without the job, deleted items stay for ever, or are removed sooner than their owners were told.",
  steps:
    "Remove suspend from the retention CronJob, and set its variables to the retentions that the namespace declares.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      // A missing job is instance-has-each-part-once's.
      for (const job of instance
        .component(component.retention)
        .filter(({ type }) => type === kubernetesType.cronJob)) {
        if (known(() => job.props["spec"]?.["suspend"] === true) === true) {
          yield problemOf(
            instance,
            `The CronJob ${job.name} of instance ${instance.name} is suspended; remove spec.suspend.`,
            job,
          );
        }
        for (const { variable, declared: name, noun, isOptional } of applied) {
          const found = known(() => variableOf(job, variable) ?? "");
          const declared = known(
            () => metadataOf(instance.namespace.props).annotations?.[name] ?? "",
          );
          if (found === undefined || declared === undefined) continue;
          // An instance without any retention at all is namespace-declares-retention's.
          if (found === declared || (declared === "" && !isOptional)) continue;
          const demand = declared === "" ? `remove ${variable}` : `set ${variable} to ${declared}`;
          yield problemOf(
            instance,
            `The CronJob ${job.name} of instance ${instance.name} applies ${found === "" ? `no ${noun}` : found}, declared is ${declared === "" ? `no ${noun}` : declared}; ${demand}.`,
            job,
          );
        }
      }
    }
  },
});
