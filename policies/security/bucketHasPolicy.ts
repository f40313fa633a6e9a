import { bucketsWithout } from "../model/bucketParts.ts";
import { bucketPolicyType } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";

export const bucketHasPolicy = stackRule({
  name: "bucket-has-policy",
  pack: "security",
  severity: "high",
  demand: "Every bucket of an instance has a policy of its own.",
  reason: "Without one every user of the account may read what all instances store.",
  steps: "Add a BucketPolicy that names who may use the bucket and refuses plain HTTP.",
  *check({ instances }, context) {
    for (const instance of instances)
      for (const bucket of bucketsWithout(instance, [bucketPolicyType], context))
        yield problemOf(
          instance,
          `The bucket of instance ${instance.name} has no policy; add a BucketPolicy that names who may use it and refuses plain HTTP.`,
          bucket,
        );
  },
});
