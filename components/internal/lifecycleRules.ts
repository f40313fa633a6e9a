import type { types } from "@pulumi/aws";
import { maintenancePrefix } from "./bucketPolicy.ts";

type Rule = types.input.s3.BucketLifecycleConfigurationRule;

/**
 * What the store may remove by itself: leftovers, never an artifact. Whether an artifact is still needed only MLflow knows, so nothing
 * under `artifacts/` expires.
 */
export function lifecycleRules(versioned: boolean, noncurrentVersionDays: number): Rule[] {
  return [
    { id: "temporary-files", status: "Enabled", filter: { prefix: "tmp/" }, expiration: { days: 7 } },
    { id: "aborted-uploads", status: "Enabled", filter: { prefix: "" }, abortIncompleteMultipartUpload: { daysAfterInitiation: 7 } },
    // What the maintenance jobs wrote of each run; the file in which they remember is written anew every hour and never gets as old.
    { id: "maintenance-reports", status: "Enabled", filter: { prefix: `${maintenancePrefix}/` }, expiration: { days: 365 } },
    ...(versioned
      ? [
          {
            // A deletion in a versioned bucket only adds a marker: without this nothing would ever be freed.
            id: "noncurrent-versions",
            status: "Enabled",
            filter: { prefix: "" },
            noncurrentVersionExpiration: { noncurrentDays: noncurrentVersionDays },
            expiration: { expiredObjectDeleteMarker: true },
          },
        ]
      : []),
  ];
}
