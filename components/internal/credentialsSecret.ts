import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { BucketCredentials, MlflowInstanceArgs } from "../mlflowInstanceArgs.ts";
import { guarded } from "./guardedIds.ts";
import { idRules } from "./idRules.ts";
import { credentialKeys } from "./podParts.ts";

/**
 * A change of data has to make a new object with a new name, so that pods roll, also where the
 * provider may change secrets in place.
 */
export const replacedByData = { replaceOnChanges: ["data", "stringData", "binaryData"] };

/**
 * What a pod logs in with. Every value is marked secret here: a caller may have passed the key pair
 * in plain.
 */
export function credentialData(
  backendUri: pulumi.Output<string>,
  bucketCredentials: pulumi.Input<BucketCredentials> | undefined,
  serverKeys: Record<string, pulumi.Output<string>> = {},
): Record<string, pulumi.Output<string>> {
  const uri = { [credentialKeys.backendUri]: pulumi.secret(backendUri), ...serverKeys };
  if (bucketCredentials === undefined) return uri;
  const keys = pulumi.output(bucketCredentials);
  return {
    ...uri,
    [credentialKeys.accessKeyId]: pulumi.secret(keys.apply(({ accessKeyId }) => accessKeyId)),
    [credentialKeys.secretAccessKey]: pulumi.secret(
      keys.apply(({ secretAccessKey }) => secretAccessKey),
    ),
  };
}

/** The principals of an instance that has users of the store, and no roles. */
export const usersOf = ({
  bucketCredentials: own,
  maintenanceCredentials: second,
}: Pick<MlflowInstanceArgs, "bucketCredentials" | "maintenanceCredentials">) => ({
  instance: principalOf("bucketCredentials", own),
  maintenance:
    second === undefined
      ? principalOf("bucketCredentials", own)
      : principalOf("maintenanceCredentials", second),
});

/** A user as the store's policies write it, which a review has to be able to read. */
export function principalOf(
  argument: string,
  user: pulumi.Input<BucketCredentials> | undefined,
): pulumi.Output<string> {
  // One is there where no roles are: validated.
  if (user === undefined) return pulumi.output("");
  // Taken out of a plain object as it stands: a secret key that isn't known yet would hide it.
  const { accessKeyId, principal } = "accessKeyId" in user ? user : fieldsOf(pulumi.output(user));
  const named = pulumi.all([principal, accessKeyId]).apply(([own, key]) => own ?? key);
  return pulumi.unsecret(pulumi.output(guarded(`${argument}.principal`, named, idRules.principal)));
}

const fieldsOf = (user: pulumi.Output<pulumi.Unwrap<BucketCredentials>>) => ({
  accessKeyId: user.apply((keys) => keys.accessKeyId),
  principal: user.apply((keys) => keys.principal),
});

/**
 * The keys with which MLflow encrypts what it stores, from one generated value. Without them MLflow
 * makes a key of its own in every process, and nothing can read what another process stored.
 */
export function serverKeyData(value: pulumi.Output<string>): Record<string, pulumi.Output<string>> {
  return {
    // A Fernet key: 32 bytes in the URL's alphabet of base64, with padding.
    [credentialKeys.webhookKey]: pulumi.secret(
      value.apply((text) => fernetKey(`webhooks:${text}`)),
    ),
    [credentialKeys.keyPassphrase]: pulumi.secret(
      value.apply((text) => fernetKey(`key-encryption:${text}`)),
    ),
  };
}

function fernetKey(text: string): string {
  const digest = createHash("sha256").update(text).digest("base64");
  return digest.replaceAll("+", "-").replaceAll("/", "_");
}
