import { annotation, component, kubernetesType, metadataOf } from "../resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import { variableOf } from "../workloads.ts";

const variable = "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION";

export const retentionJobAppliesRetention = stackRule({
  name: "retention-job-applies-retention",
  pack: "retention",
  severity: "high",
  demand: "The maintenance job of an instance runs, and removes after just the time that the instance declares.",
  reason: "What nobody applies is no retention: what was deleted would stay for ever, or go sooner than its owners were told.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      const declared = known(() => metadataOf(instance.namespace.props).annotations?.[annotation.retention] ?? "");
      // A missing job is instance-has-each-part-once's.
      for (const job of instance.component(component.retention).filter(({ type }) => type === kubernetesType.cronJob)) {
        if (known(() => job.props["spec"]?.["suspend"] === true) === true) {
          yield problemOf(instance, `The CronJob ${job.name} of instance ${instance.name} is suspended; remove spec.suspend.`, job);
        }
        const applied = known(() => variableOf(job, variable) ?? "");
        if (applied === undefined || declared === undefined || declared === "" || applied === declared) continue;
        const found = applied === "" ? "no retention" : applied;
        yield problemOf(
          instance,
          `The CronJob ${job.name} of instance ${instance.name} applies ${found}, declared is ${declared}; set ${variable} to ${declared}.`,
          job,
        );
      }
    }
  },
});
