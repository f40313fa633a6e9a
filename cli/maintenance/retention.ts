import type { Use } from "./job/runJob.ts";

/**
 * Removes for good what was deleted longer ago than the instance's grace, as the CronJob does every
 * night; a dry run only lists.
 */
export const retention = ({ dryRun }: { dryRun: boolean }): Use => ({
  command: "retention",
  cronJob: "retention",
  commandLine: ["mlflow-instance-retention", ...(dryRun ? ["--dry-run"] : [])],
  dryRun,
});
