import { isBucketNameOf } from "../model/names.ts";
import { bucketTypes, isMarked, label, marksOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const bucketFollowsInstance = resourceRule({
  name: "bucket-follows-instance",
  pack: "naming",
  severity: "medium",
  demand: "The name of an instance's bucket ends with the instance's name.",
  reason: "A bucket's name is all that a bill, an access log or a restored backup says of it.",
  steps: "Set bucket to a name that ends with -<instance>; MlflowInstance takes it as bucket.name.",
  types: bucketTypes,
  *check(bucket) {
    const instance = marksOf(bucket)[label.instance];
    if (instance === undefined || !isMarked(bucket)) return;
    const name = bucket.props["bucket"] as string | undefined;
    if (name === undefined)
      return yield `Set bucket to a name that ends with -${instance}; without one it is named by chance.`;
    if (!isBucketNameOf(instance, name))
      yield `The bucket of instance ${instance} is named ${name}; set bucket to a name that ends with -${instance}.`;
  },
});
