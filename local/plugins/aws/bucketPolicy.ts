import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import { bucketSetting } from "./bucketSetting.ts";
import { text } from "./inputs.ts";
import type { ObjectStore } from "./objectStore.ts";
import { asDocument, inWordsOf, notJson, samePolicy } from "./policyDocument.ts";

export function bucketPolicy(store: () => ObjectStore): BridgedResource {
  const resource = bucketSetting(store, {
    noun: "the policy",
    framework: "sdk",
    owner: false,
    missing: ["NoSuchBucketPolicy"],
    properties: { policy: { type: "string", required: true, same: samePolicy, validate: notJson } },
    put: ({ client }, bucket, inputs) =>
      client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: text(inputs, "policy") })),
    get: async ({ client }, bucket, known) => {
      const { Policy } = await client.send(new GetBucketPolicyCommand({ Bucket: bucket }));
      if (!Policy) return undefined;
      return { policy: inWordsOf(text(known, "policy"), Policy) };
    },
    remove: ({ client }, bucket) => client.send(new DeleteBucketPolicyCommand({ Bucket: bucket })),
  });
  return { ...resource, prepare: (inputs) => asDocument(inputs, "policy") };
}
