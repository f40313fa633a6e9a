import { z } from "zod";
import { isAtAws } from "../model/buckets.ts";
import { bucketsWithout } from "../model/bucketParts.ts";
import { encryptionTypes } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";

export const bucketIsEncrypted = stackRule({
  name: "bucket-is-encrypted",
  pack: "security",
  severity: "high",
  demand: "Every bucket encrypts by default where the object store can.",
  reason: "Data on a disk outlives the disk's use, and audits check for the setting.",
  steps:
    "Add a BucketServerSideEncryptionConfiguration, or set platform.objectStore.features.encryption: true of the environment.",
  settings: z.object({
    otherStores: bounds(z.boolean(), false).describe(
      "Whether it is asked for where the object store is not AWS itself and may not know it.",
    ),
  }),
  *check({ instances }, context) {
    for (const instance of instances)
      for (const bucket of bucketsWithout(instance, encryptionTypes, context)) {
        if (!isAtAws(bucket.provider) && !boundFor(context.settings.otherStores, instance))
          continue;
        yield problemOf(
          instance,
          `The bucket of instance ${instance.name} has no default encryption; add a BucketServerSideEncryptionConfiguration (platform.objectStore.features.encryption: true of the environment).`,
          bucket,
        );
      }
  },
});
