import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import { bucketSetting } from "./bucketSetting.ts";
import type { ObjectStore } from "./objectStore.ts";

export function bucketPublicAccessBlock(store: () => ObjectStore): BridgedResource {
  return bucketSetting(store, {
    noun: "the public access block",
    framework: "sdk",
    owner: false,
    missing: ["NoSuchPublicAccessBlockConfiguration"],
    properties: {
      blockPublicAcls: { type: "boolean", default: false },
      blockPublicPolicy: { type: "boolean", default: false },
      ignorePublicAcls: { type: "boolean", default: false },
      restrictPublicBuckets: { type: "boolean", default: false },
      skipDestroy: { type: "boolean" },
    },
    put: ({ client }, bucket, inputs) =>
      client.send(
        new PutPublicAccessBlockCommand({
          Bucket: bucket,
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: inputs["blockPublicAcls"] === true,
            BlockPublicPolicy: inputs["blockPublicPolicy"] === true,
            IgnorePublicAcls: inputs["ignorePublicAcls"] === true,
            RestrictPublicBuckets: inputs["restrictPublicBuckets"] === true,
          },
        }),
      ),
    get: async ({ client }, bucket, known) => {
      const { PublicAccessBlockConfiguration: found } = await client.send(
        new GetPublicAccessBlockCommand({ Bucket: bucket }),
      );
      return (
        found && {
          blockPublicAcls: found.BlockPublicAcls === true,
          blockPublicPolicy: found.BlockPublicPolicy === true,
          ignorePublicAcls: found.IgnorePublicAcls === true,
          restrictPublicBuckets: found.RestrictPublicBuckets === true,
          skipDestroy: known["skipDestroy"] ?? null,
        }
      );
    },
    remove: async ({ client }, bucket, state) => {
      if (state["skipDestroy"] !== true)
        await client.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
    },
  });
}
