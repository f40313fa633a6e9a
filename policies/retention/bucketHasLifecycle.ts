import { bucketsWithout } from "../model/bucketParts.ts";
import { component, kubernetesType, lifecycleTypes } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import { variableOf } from "../model/workloads.ts";

const variable = "MLFLOW_INSTANCE_BUCKET_LIFECYCLE";

export const bucketHasLifecycle = stackRule({
  name: "bucket-has-lifecycle",
  pack: "retention",
  severity: "medium",
  demand:
    "The bucket of an instance has a lifecycle; where its store knows none, the maintenance job sweeps instead.",
  reason:
    "Without either, aborted uploads and old versions pile up, and nothing that was deleted ever leaves a versioned bucket.",
  steps:
    "Add a BucketLifecycleConfiguration for the bucket; where the store knows none, set platform.objectStore.features.lifecycle: false of the environment.",
  *check({ instances }, context) {
    for (const instance of instances) {
      const jobs = instance
        .component(component.retention)
        .filter(({ type }) => type === kubernetesType.cronJob);
      const sweeps = jobs.map((job) => context.known(() => variableOf(job, variable) === "false"));
      // Without a job, instance-has-each-part-once speaks, or the instance is on its way out.
      if (sweeps.length === 0 || sweeps.some((sweep) => sweep !== false)) continue;
      for (const bucket of bucketsWithout(instance, lifecycleTypes, context)) {
        yield problemOf(
          instance,
          `The bucket ${bucket.name} of instance ${instance.name} has no lifecycle; add a BucketLifecycleConfiguration, or say in the environment that the store knows none (${variable}: "false" of the CronJob ${jobs[0]!.name}).`,
          bucket,
        );
      }
    }
  },
});
