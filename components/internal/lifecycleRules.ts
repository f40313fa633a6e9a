import type { types } from "@pulumi/aws";
import { StorageClasses } from "../enums.ts";
import { maintenancePrefix } from "./bucketActions.ts";
import { artifactPrefix } from "./serverEnvironment.ts";

type Rule = types.input.s3.BucketLifecycleConfigurationRule;
type Transition = types.input.s3.BucketLifecycleConfigurationRuleTransition;

/**
 * What the store may remove by itself: leftovers, never an artifact. Whether an artifact is still
 * needed only MLflow knows, so nothing under `artifacts/` expires.
 */
export function lifecycleRules(
  versioned: boolean,
  noncurrentVersionDays: number,
  storageClasses: StorageClasses,
): Rule[] {
  const transitions = transitionsTo[storageClasses];
  return [
    {
      id: "temporary-files",
      status: "Enabled",
      filter: { prefix: "tmp/" },
      expiration: { days: 7 },
    },
    {
      id: "aborted-uploads",
      status: "Enabled",
      filter: { prefix: "" },
      abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
    },
    // What the maintenance jobs wrote of each run; the file in which they remember is written anew
    // every hour and never gets as old.
    {
      id: "maintenance-reports",
      status: "Enabled",
      filter: { prefix: `${maintenancePrefix}/` },
      expiration: { days: 365 },
    },
    ...(versioned
      ? [
          {
            // A deletion in a versioned bucket only adds a marker: without this nothing would ever
            // be freed.
            id: "noncurrent-versions",
            status: "Enabled",
            filter: { prefix: "" },
            noncurrentVersionExpiration: { noncurrentDays: noncurrentVersionDays },
            expiration: { expiredObjectDeleteMarker: true },
          },
        ]
      : []),
    ...(transitions.length === 0
      ? []
      : [
          {
            id: "storage-classes",
            status: "Enabled",
            filter: { prefix: `${artifactPrefix}/` },
            transitions,
          },
        ]),
  ];
}

/**
 * Where artifacts go that lie untouched. Each of these classes answers in milliseconds: MLflow
 * reads at once or not at all, so nothing ever goes to GLACIER, DEEP_ARCHIVE or the archive tiers
 * of INTELLIGENT_TIERING (those have to be switched on, which nothing does). AWS leaves objects
 * below 128 KiB where they are.
 */
const transitionsTo: Record<StorageClasses, Transition[]> = {
  [StorageClasses.Standard]: [],
  [StorageClasses.Transitions]: [
    { days: 90, storageClass: "STANDARD_IA" },
    { days: 365, storageClass: "GLACIER_IR" },
  ],
  [StorageClasses.IntelligentTiering]: [{ days: 0, storageClass: "INTELLIGENT_TIERING" }],
};
