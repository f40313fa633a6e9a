import { annotation, container, everywhere, set, without, type Edits } from "./change.ts";

// Edits that break a rule of the pack retention.

export const retention: Edits = {
  "bucket-has-lifecycle": { "no lifecycle": without("fraud-detector-bucket-lifecycle") },
  "bucket-lifecycle-keeps-artifacts": {
    "artifacts expire": set(
      "fraud-detector-bucket-lifecycle",
      ["rules", 0, "filter", "prefix"],
      "artifacts/",
    ),
    "old versions go too soon": set(
      "fraud-detector-bucket-lifecycle",
      ["rules", 3, "noncurrentVersionExpiration", "noncurrentDays"],
      7,
    ),
  },
  "bucket-lifecycle-stands-alone": {
    "a lifecycle of the bucket's own": set(
      "fraud-detector-bucket",
      ["lifecycleRules"],
      [{ enabled: true, prefix: "tmp/", expiration: { days: 7 } }],
    ),
  },
  "database-backup-outlasts-retention": {
    "backups for a week": set("database-server", ["backupRetentionPeriod"], 7),
  },
  "namespace-declares-retention": {
    "no retention": set(
      "fraud-detector-namespace",
      [...annotation, "mlflow-instances/deleted-experiment-retention"],
      undefined,
    ),
  },
  "retention-is-not-cut-short": {
    "from 30 days to 14": everywhere('"30d"', '"14d"', "fraud-detector-"),
  },
  "retention-job-applies-retention": {
    "a job that never runs": set("fraud-detector-retention", ["spec", "suspend"], true),
    "another retention than declared": set(
      "fraud-detector-retention",
      ["spec", "jobTemplate", ...container, "env"],
      (variables: { name: string }[]) =>
        variables.map((each) =>
          each.name === "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION"
            ? { ...each, value: "20d" }
            : each,
        ),
    ),
  },
};
