import { GetBucketVersioningCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import type { BucketVersioningStatus, MFADelete } from "@aws-sdk/client-s3";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import { asText } from "../shared/values.ts";
import type { Value } from "../shared/values.ts";
import { bucketSetting } from "./bucketSetting.ts";
import { object, text } from "./inputs.ts";
import type { ObjectStore } from "./objectStore.ts";

const oneOf =
  (...words: string[]) =>
  (value: Value) =>
    words.includes(asText(value))
      ? undefined
      : `"${asText(value)}" is not one of ${words.join(", ")}`;

export function bucketVersioning(store: () => ObjectStore): BridgedResource {
  return bucketSetting(store, {
    noun: "versioning",
    framework: "sdk",
    owner: true,
    missing: [],
    properties: {
      mfa: { type: "string" },
      versioningConfiguration: {
        type: "object",
        required: true,
        fields: {
          mfaDelete: { type: "string", computed: true, validate: oneOf("Enabled", "Disabled") },
          status: {
            type: "string",
            required: true,
            validate: oneOf("Enabled", "Suspended", "Disabled"),
          },
        },
      },
    },
    put: async ({ client }, bucket, inputs, old) => {
      const wanted = object(inputs, "versioningConfiguration") ?? {};
      const status = text(wanted, "status");
      // Versioning that was never on can't be switched off.
      if (status === "Disabled" && !old) return;
      const configuration = {
        Status: (status === "Disabled" ? "Suspended" : status) as BucketVersioningStatus,
        ...(text(wanted, "mfaDelete") !== "" && {
          MFADelete: text(wanted, "mfaDelete") as MFADelete,
        }),
      };
      const mfa = text(inputs, "mfa");
      await client.send(
        new PutBucketVersioningCommand({
          Bucket: bucket,
          VersioningConfiguration: configuration,
          ...(mfa !== "" && { MFA: mfa }),
        }),
      );
    },
    get: async ({ client }, bucket, known) => {
      const { Status, MFADelete: mfaDelete } = await client.send(
        new GetBucketVersioningCommand({ Bucket: bucket }),
      );
      const wanted = text(object(known, "versioningConfiguration") ?? {}, "status");
      if (!Status && wanted !== "Disabled") return undefined;
      return {
        mfa: text(known, "mfa") || null,
        versioningConfiguration: { mfaDelete: mfaDelete ?? "", status: Status ?? "Disabled" },
      };
    },
    remove: async ({ client }, bucket, state) => {
      if (text(object(state, "versioningConfiguration") ?? {}, "status") === "Disabled") return;
      await client.send(
        new PutBucketVersioningCommand({
          Bucket: bucket,
          VersioningConfiguration: { Status: "Suspended" },
        }),
      );
    },
  });
}
