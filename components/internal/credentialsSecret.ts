import * as pulumi from "@pulumi/pulumi";
import type { BucketCredentials } from "../mlflowInstanceArgs.ts";
import { credentialKeys } from "./podParts.ts";

/** A change of data has to make a new object with a new name, so that pods roll, also where the provider may change secrets in place. */
export const replacedByData = { replaceOnChanges: ["data", "stringData", "binaryData"] };

/** What a pod logs in with. Every value is marked secret here: a caller may have passed the key pair in plain. */
export function credentialData(
  backendUri: pulumi.Output<string>,
  bucketCredentials: pulumi.Input<BucketCredentials> | undefined,
): Record<string, pulumi.Output<string>> {
  const uri = { [credentialKeys.backendUri]: pulumi.secret(backendUri) };
  if (bucketCredentials === undefined) return uri;
  const keys = pulumi.output(bucketCredentials);
  return {
    ...uri,
    [credentialKeys.accessKeyId]: pulumi.secret(keys.apply(({ accessKeyId }) => accessKeyId)),
    [credentialKeys.secretAccessKey]: pulumi.secret(keys.apply(({ secretAccessKey }) => secretAccessKey)),
  };
}
