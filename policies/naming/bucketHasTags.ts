import { bucketTags, bucketTypes, isMarked, label, marksOf, partOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const bucketHasTags = resourceRule({
  name: "bucket-has-tags",
  pack: "naming",
  severity: "medium",
  demand: "The bucket of an instance has the tags of instance, team, owner, environment and tier.",
  reason: "A bucket outlives its cluster, and is found in a bill by its tags only.",
  steps:
    "Copy the labels of the instance's namespace to the tags of the bucket, and its owner with them.",
  types: bucketTypes,
  *check(bucket, { known }) {
    // A stack may hold other buckets. One of an instance without a single tag is
    // instance-labels-agree's, which knows the instances.
    if (known(() => isMarked(bucket)) !== true) return;
    const wrong: string[] = bucketTags.filter(
      (key) => known(() => (marksOf(bucket)[key] ?? "").trim() === "") === true,
    );
    if (known(() => ![undefined, "", partOf].includes(marksOf(bucket)[label.partOf])))
      wrong.push(label.partOf);
    if (wrong.length > 0)
      yield `Set the tags ${wrong.join(", ")} to what the namespace of the instance says.`;
  },
  remedy(bucket) {
    if (!isMarked(bucket) || marksOf(bucket)[label.partOf] !== undefined) return undefined;
    return { ...bucket.props, tags: { ...marksOf(bucket), [label.partOf]: partOf } };
  },
});
