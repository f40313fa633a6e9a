import { z } from "zod";
import { isAtAws } from "../model/buckets.ts";
import { bucketsWithout } from "../model/bucketParts.ts";
import { publicAccessBlockType } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";

export const bucketBlocksPublicAccess = stackRule({
  name: "bucket-blocks-public-access",
  pack: "security",
  severity: "high",
  demand: "Every bucket has a public access block where the object store knows it.",
  reason: "It holds when a policy or a list is wrong one day.",
  steps:
    "Add a BucketPublicAccessBlock, or set platform.objectStore.features.publicAccessBlock: true of the environment.",
  settings: z.object({
    otherStores: bounds(z.boolean(), false).describe(
      "Whether it is asked for where the object store is not AWS itself and may not know it.",
    ),
  }),
  *check({ instances }, context) {
    for (const instance of instances)
      for (const bucket of bucketsWithout(instance, [publicAccessBlockType], context)) {
        if (!isAtAws(bucket.provider) && !boundFor(context.settings.otherStores, instance))
          continue;
        yield problemOf(
          instance,
          `The bucket of instance ${instance.name} has no public access block; add a BucketPublicAccessBlock (platform.objectStore.features.publicAccessBlock: true of the environment).`,
          bucket,
        );
      }
  },
});
