import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { AwsEmulator } from "../../engine/support/awsEmulator.ts";
import { pythonWithFlavours } from "../../engine/support/python.ts";

/** A call of S3 that the image's code made. */
export interface Operation {
  /** What the pod was doing. */
  readonly step: string;
  readonly operation: string;
  readonly Bucket: string;
  readonly Key?: string;
  readonly objects?: readonly { readonly Key: string; readonly VersionId?: string }[];
}

/** Does in a versioned bucket what a role's pods do, and tells each call of S3 that came of it. */
export async function recordOperations(
  aws: AwsEmulator,
  role: "server" | "maintenance",
  bucket: string,
): Promise<Operation[]> {
  const { stdout } = await promisify(execFile)(
    await pythonWithFlavours(),
    [join(import.meta.dirname, "recordOperations.py"), role, bucket],
    {
      env: {
        PATH: process.env["PATH"],
        PYTHONPATH: join(import.meta.dirname, "../../../images/tracking-server/src"),
        PYTHONDONTWRITEBYTECODE: "1",
        MLFLOW_DISABLE_TELEMETRY: "true",
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_CA_BUNDLE: aws.caPath,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_DEFAULT_REGION: "eu-central-1",
        AWS_EC2_METADATA_DISABLED: "true",
      },
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Operation);
}

export interface Need {
  readonly action: string;
  readonly resource: string;
  readonly context?: Record<string, string>;
}

const toWrite = ["kms:Decrypt", "kms:GenerateDataKey"];

/**
 * Actions of S3 and of the bucket's key that AWS asks for, by its reference of operations; an
 * operation that isn't here is an error, not free.
 */
const needs: Record<string, { s3: string; kms?: readonly string[]; about: "bucket" | "object" }> = {
  PutObject: { s3: "s3:PutObject", kms: ["kms:GenerateDataKey"], about: "object" },
  GetObject: { s3: "s3:GetObject", kms: ["kms:Decrypt"], about: "object" },
  HeadObject: { s3: "s3:GetObject", kms: ["kms:Decrypt"], about: "object" },
  CreateMultipartUpload: { s3: "s3:PutObject", kms: toWrite, about: "object" },
  UploadPart: { s3: "s3:PutObject", kms: toWrite, about: "object" },
  CompleteMultipartUpload: { s3: "s3:PutObject", kms: toWrite, about: "object" },
  AbortMultipartUpload: { s3: "s3:AbortMultipartUpload", about: "object" },
  ListObjectsV2: { s3: "s3:ListBucket", about: "bucket" },
  ListObjectVersions: { s3: "s3:ListBucketVersions", about: "bucket" },
  ListMultipartUploads: { s3: "s3:ListBucketMultipartUploads", about: "bucket" },
};

/** What an operation has to be allowed on a bucket whose objects are encrypted with a key. */
export function needsOf(
  { operation, Key, objects }: Operation,
  bucketArn: string,
  kms: { key: string; via: string },
): Need[] {
  if (operation === "DeleteObjects") {
    return (objects ?? []).map((each) => ({
      action: each.VersionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion",
      resource: `${bucketArn}/${each.Key}`,
    }));
  }
  const need = needs[operation];
  if (need === undefined)
    throw new Error(`which actions ${operation} needs is not known here; look it up and add it`);
  return [
    { action: need.s3, resource: need.about === "bucket" ? bucketArn : `${bucketArn}/${Key}` },
    ...(need.kms ?? []).map((action) => ({
      action,
      resource: kms.key,
      // With a bucket key the context is the bucket.
      context: { "kms:ViaService": kms.via, "kms:EncryptionContext:aws:s3:arn": bucketArn },
    })),
  ];
}
