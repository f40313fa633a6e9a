import { bucketTags, isMarked, label, marksOf } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import { bucketsOf } from "../model/stack.ts";

const shared = [label.team, label.environment, label.tier];

export const instanceLabelsAgree = stackRule({
  name: "instance-labels-agree",
  pack: "naming",
  severity: "high",
  demand: "All resources of an instance say the same team, environment and tier as its namespace.",
  reason:
    "A rule judges a resource as strictly as its tier asks: one that calls itself a sandbox would be judged as one.",
  steps: "Set the labels or tags of the resource to those of the instance's namespace.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      const expected =
        known(() =>
          Object.fromEntries(shared.map((key) => [key, marksOf(instance.namespace)[key]])),
        ) ?? {};
      for (const resource of instance.resources) {
        const different = shared.filter((key) => {
          const found = known(() => marksOf(resource)[key] ?? "");
          // What is missing is object-has-labels' and bucket-has-tags' matter.
          return (
            found !== undefined &&
            found !== "" &&
            expected[key] !== undefined &&
            found !== expected[key]
          );
        });
        if (different.length === 0) continue;
        const what = different
          .map((key) => `${key} to ${expected[key]} (it is ${marksOf(resource)[key]})`)
          .join(", ");
        yield problemOf(
          instance,
          `${resource.name} disagrees with the namespace of instance ${instance.name}: set ${what}.`,
          resource,
        );
      }
      // By itself a bucket without any of the tags says nothing of whose it is.
      for (const bucket of bucketsOf(instance)) {
        if (known(() => isMarked(bucket)) !== false) continue;
        yield problemOf(
          instance,
          `${bucket.name} of instance ${instance.name} has none of the tags of an instance; set ${bucketTags.join(", ")}.`,
          bucket,
        );
      }
    }
  },
});
