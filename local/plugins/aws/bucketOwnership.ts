import {
  DeleteBucketOwnershipControlsCommand,
  GetBucketOwnershipControlsCommand,
  PutBucketOwnershipControlsCommand,
} from "@aws-sdk/client-s3";
import type { ObjectOwnership } from "@aws-sdk/client-s3";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import { bucketSetting } from "./bucketSetting.ts";
import { object, text } from "./inputs.ts";
import type { ObjectStore } from "./objectStore.ts";

export function bucketOwnership(store: () => ObjectStore): BridgedResource {
  return bucketSetting(store, {
    noun: "the ownership controls",
    framework: "sdk",
    owner: false,
    missing: ["OwnershipControlsNotFoundError"],
    properties: {
      rule: {
        type: "object",
        required: true,
        fields: { objectOwnership: { type: "string", required: true } },
      },
    },
    put: ({ client }, bucket, inputs) => {
      const ObjectOwnership = text(
        object(inputs, "rule") ?? {},
        "objectOwnership",
      ) as ObjectOwnership;
      return client.send(
        new PutBucketOwnershipControlsCommand({
          Bucket: bucket,
          OwnershipControls: { Rules: [{ ObjectOwnership }] },
        }),
      );
    },
    get: async ({ client }, bucket) => {
      const { OwnershipControls } = await client.send(
        new GetBucketOwnershipControlsCommand({ Bucket: bucket }),
      );
      const [rule] = OwnershipControls?.Rules ?? [];
      return rule && { rule: { objectOwnership: rule.ObjectOwnership ?? "" } };
    },
    remove: ({ client }, bucket) =>
      client.send(new DeleteBucketOwnershipControlsCommand({ Bucket: bucket })),
  });
}
