import type { PolicyResource } from "@pulumi/policy";
import { isBucketNameOf } from "../model/names.ts";
import { bucketTypes } from "../model/resources.ts";
import { problemOf, stackRule, type Context, type Problem } from "../rule.ts";
import { bucketsOf, type Instance } from "../model/stack.ts";
import { variableOf, workloadTypes } from "../model/workloads.ts";

type Known = Pick<Context<unknown>, "known">;

const variable = "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION";

const nameOf = (bucket: PolicyResource, { known }: Known): string | undefined =>
  known(() => (bucket.props["bucket"] as string | undefined) ?? "");

export const instanceSharesNoBucket = stackRule({
  name: "instance-shares-no-bucket",
  pack: "isolation",
  severity: "critical",
  demand: "Every instance keeps its artifacts in a bucket of its own.",
  reason:
    "In a shared bucket one instance's users read and overwrite the other's models, and one's maintenance removes the other's files.",
  steps: "Give each instance a bucket of its own, and point its pods to that one.",
  *check({ instances }, context) {
    yield* twice(instances, context);
    for (const instance of instances) {
      const own = bucketsOf(instance).map((bucket) => nameOf(bucket, context));
      // A bucket that is missing or named after another instance is another rule's matter.
      if (
        own.some((name) => name === undefined || !isBucketNameOf(instance.name, name)) ||
        own.length === 0
      )
        continue;
      for (const workload of instance.of(...workloadTypes)) {
        const destination = context.known(() => variableOf(workload, variable) ?? "");
        const bucket = /^[a-z0-9-]+:\/\/([^/]+)/.exec(destination ?? "")?.[1];
        if (bucket === undefined || own.includes(bucket)) continue;
        const other = instances.find((candidate) =>
          bucketsOf(candidate).some((theirs) => nameOf(theirs, context) === bucket),
        );
        const whose = other === undefined ? "which is not its own" : `which is ${other.name}'s`;
        yield {
          ...problemOf(
            instance,
            `${workload.name} of instance ${instance.name} uses the bucket ${bucket}, ${whose}; set ${variable} to one of ${own.join(", ")}.`,
            workload,
          ),
          instances: other === undefined ? [instance.name] : [instance.name, other.name],
        };
      }
    }
  },
});

/** Buckets of one name that two instances declare, each of whose names it ends with. */
function* twice(instances: readonly Instance[], context: Known): Generator<Problem> {
  const seen = new Map<string, Instance>();
  for (const instance of instances) {
    for (const bucket of instance.of(...bucketTypes)) {
      const name = nameOf(bucket, context);
      if (name === undefined || !isBucketNameOf(instance.name, name)) continue;
      const first = seen.get(name);
      if (first === undefined) seen.set(name, instance);
      else if (first !== instance) {
        yield {
          message: `Instances ${first.name} and ${instance.name} both declare the bucket ${name}; give one another prefix.`,
          urn: bucket.urn,
          instances: [first.name, instance.name],
        };
      }
    }
  }
}
