import {
  DeleteBucketEncryptionCommand,
  GetBucketEncryptionCommand,
  PutBucketEncryptionCommand,
} from "@aws-sdk/client-s3";
import type { ServerSideEncryption, ServerSideEncryptionRule } from "@aws-sdk/client-s3";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Properties } from "../shared/values.ts";
import { bucketSetting } from "./bucketSetting.ts";
import { object, objects, text } from "./inputs.ts";
import type { ObjectStore } from "./objectStore.ts";

function toRule(rule: Properties): ServerSideEncryptionRule {
  const byDefault = object(rule, "applyServerSideEncryptionByDefault");
  const key = text(byDefault ?? {}, "kmsMasterKeyId");
  return {
    ...(byDefault && {
      ApplyServerSideEncryptionByDefault: {
        SSEAlgorithm: text(byDefault, "sseAlgorithm") as ServerSideEncryption,
        ...(key !== "" && { KMSMasterKeyID: key }),
      },
    }),
    ...(rule["bucketKeyEnabled"] === true && { BucketKeyEnabled: true }),
  };
}

function fromRule(rule: ServerSideEncryptionRule): Properties {
  const byDefault = rule.ApplyServerSideEncryptionByDefault;
  return {
    applyServerSideEncryptionByDefault: byDefault
      ? {
          kmsMasterKeyId: byDefault.KMSMasterKeyID ?? "",
          sseAlgorithm: byDefault.SSEAlgorithm ?? "",
        }
      : null,
    blockedEncryptionTypes: [],
    bucketKeyEnabled: rule.BucketKeyEnabled === true,
  };
}

export function bucketEncryption(store: () => ObjectStore): BridgedResource {
  return bucketSetting(store, {
    noun: "the default encryption",
    framework: "sdk",
    owner: true,
    missing: ["ServerSideEncryptionConfigurationNotFoundError"],
    properties: {
      rules: {
        type: "set",
        required: true,
        fields: {
          applyServerSideEncryptionByDefault: {
            type: "object",
            fields: {
              kmsMasterKeyId: { type: "string", computed: true },
              sseAlgorithm: { type: "string", required: true },
            },
          },
          blockedEncryptionTypes: {
            type: "list",
            computed: true,
            validate: () => "not supported by the stand-in plugin",
          },
          bucketKeyEnabled: { type: "boolean", computed: true },
        },
      },
    },
    put: ({ client }, bucket, inputs) =>
      client.send(
        new PutBucketEncryptionCommand({
          Bucket: bucket,
          ServerSideEncryptionConfiguration: { Rules: objects(inputs, "rules").map(toRule) },
        }),
      ),
    get: async ({ client }, bucket) => {
      const { ServerSideEncryptionConfiguration: found } = await client.send(
        new GetBucketEncryptionCommand({ Bucket: bucket }),
      );
      return found && { rules: (found.Rules ?? []).map(fromRule) };
    },
    remove: ({ client }, bucket) =>
      client.send(new DeleteBucketEncryptionCommand({ Bucket: bucket })),
  });
}
