import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import { bucketSetting } from "./bucketSetting.ts";
import { objects, text } from "./inputs.ts";
import { fromRule, ruleFields, toRule } from "./lifecycleRule.ts";
import type { ObjectStore } from "./objectStore.ts";

const defaultMinimum = "all_storage_classes_128K";

export function bucketLifecycle(store: () => ObjectStore): BridgedResource {
  return bucketSetting(store, {
    noun: "the lifecycle rules",
    framework: "plugin-framework",
    owner: true,
    missing: ["NoSuchLifecycleConfiguration"],
    properties: {
      rules: { type: "list", required: true, fields: ruleFields },
      timeouts: { type: "map" },
      transitionDefaultMinimumObjectSize: { type: "string", computed: true },
    },
    put: ({ client }, bucket, inputs) =>
      client.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: bucket,
          LifecycleConfiguration: { Rules: objects(inputs, "rules").map(toRule) },
        }),
      ),
    get: async ({ client }, bucket, known) => {
      const { Rules } = await client.send(
        new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }),
      );
      return (
        Rules && {
          rules: Rules.map(fromRule),
          transitionDefaultMinimumObjectSize:
            text(known, "transitionDefaultMinimumObjectSize") || defaultMinimum,
        }
      );
    },
    remove: ({ client }, bucket) =>
      client.send(new DeleteBucketLifecycleCommand({ Bucket: bucket })),
  });
}
