import { artifactPrefix } from "./serverEnvironment.ts";

/** Folder in the bucket for the plans and reports of the maintenance jobs. */
export const maintenancePrefix = "maintenance";

/** Some actions on the bucket itself, or on the objects whose keys match. */
export interface Grant {
  sid: string;
  actions: readonly string[];
  /** Patterns of the objects' keys; none for the bucket. */
  keys?: readonly string[];
}

// Each action is one that the image's own code needs: a test fails without it. One list for both
// ways to say it: the policy of a bucket whose users have keys, and the roles of an instance on
// AWS.

/** Folders of users: artifacts, and what goes by itself after a week. */
const userKeys = [`${artifactPrefix}/*`, "tmp/*"];

/** The tracking server's actions. */
export const serverGrants: readonly Grant[] = [
  // Of the whole bucket: with a condition on the prefix, AWS answers 403 instead of 404 for an
  // object that is missing.
  { sid: "InstanceListsBucket", actions: ["s3:ListBucket"] },
  {
    // No s3:DeleteObjectVersion: what the instance deletes can be brought back from a versioned
    // bucket.
    sid: "InstanceUsesObjects",
    actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
    keys: userKeys,
  },
];

/**
 * The last dump's actions. The server's principal has them only while the instance is about to go:
 * its pods have ended by then, and only the dump has its credentials.
 */
export const finalDumpGrants: readonly Grant[] = [
  { sid: "FinalDumpLists", actions: ["s3:ListBucketMultipartUploads"] },
  {
    sid: "FinalDumpWrites",
    actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
    keys: ["final-dump/*"],
  },
];

/** The grants of the server's principal at the moment. */
export function instanceGrants(preparingDeletion: boolean): readonly Grant[] {
  return preparingDeletion ? [...serverGrants, ...finalDumpGrants] : serverGrants;
}

/** What the maintenance jobs do. */
export const maintenanceGrants: readonly Grant[] = [
  {
    sid: "MaintenanceLists",
    actions: ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],
  },
  // No s3:GetObject: what is removed need not be read.
  {
    sid: "MaintenanceRemoves",
    actions: ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"],
    keys: ["*"],
  },
  {
    sid: "MaintenanceReports",
    actions: ["s3:GetObject", "s3:PutObject"],
    keys: [`${maintenancePrefix}/*`],
  },
];

/** ARN of a bucket: stores other than AWS know only the partition `aws`. */
export function bucketArn(bucket: string, partition: string): string {
  return `arn:${partition}:s3:::${bucket}`;
}

/** What a grant is about, as a policy names it. */
export function resourcesOf({ keys }: Grant, arn: string): string[] {
  return keys === undefined ? [arn] : keys.map((pattern) => `${arn}/${pattern}`);
}
