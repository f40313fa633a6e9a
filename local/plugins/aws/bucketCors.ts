import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
} from "@aws-sdk/client-s3";
import type { CORSRule } from "@aws-sdk/client-s3";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Properties, Value } from "../shared/values.ts";
import { bucketSetting } from "./bucketSetting.ts";
import { integer, objects, text, texts } from "./inputs.ts";
import type { ObjectStore } from "./objectStore.ts";

function toRule(rule: Properties): CORSRule {
  const maxAge = integer(rule, "maxAgeSeconds");
  return {
    AllowedMethods: texts(rule, "allowedMethods"),
    AllowedOrigins: texts(rule, "allowedOrigins"),
    ...(texts(rule, "allowedHeaders").length > 0 && {
      AllowedHeaders: texts(rule, "allowedHeaders"),
    }),
    ...(texts(rule, "exposeHeaders").length > 0 && { ExposeHeaders: texts(rule, "exposeHeaders") }),
    ...(text(rule, "id") !== "" && { ID: text(rule, "id") }),
    ...(maxAge && { MaxAgeSeconds: maxAge }),
  };
}

const list = (items: string[] | undefined): Value => (items && items.length > 0 ? items : null);

function fromRule(rule: CORSRule): Properties {
  return {
    allowedHeaders: list(rule.AllowedHeaders),
    allowedMethods: list(rule.AllowedMethods),
    allowedOrigins: list(rule.AllowedOrigins),
    exposeHeaders: list(rule.ExposeHeaders),
    id: rule.ID ?? "",
    maxAgeSeconds: rule.MaxAgeSeconds ?? 0,
  };
}

export function bucketCors(store: () => ObjectStore): BridgedResource {
  return bucketSetting(store, {
    noun: "the CORS rules",
    framework: "sdk",
    owner: true,
    missing: ["NoSuchCORSConfiguration"],
    properties: {
      corsRules: {
        type: "set",
        required: true,
        fields: {
          allowedHeaders: { type: "set" },
          allowedMethods: { type: "set", required: true },
          allowedOrigins: { type: "set", required: true },
          exposeHeaders: { type: "set" },
          id: { type: "string" },
          maxAgeSeconds: { type: "number" },
        },
      },
    },
    put: ({ client }, bucket, inputs) =>
      client.send(
        new PutBucketCorsCommand({
          Bucket: bucket,
          CORSConfiguration: { CORSRules: objects(inputs, "corsRules").map(toRule) },
        }),
      ),
    get: async ({ client }, bucket) => {
      const { CORSRules } = await client.send(new GetBucketCorsCommand({ Bucket: bucket }));
      return CORSRules && { corsRules: CORSRules.map(fromRule) };
    },
    remove: ({ client }, bucket) => client.send(new DeleteBucketCorsCommand({ Bucket: bucket })),
  });
}
