import type { Use } from "./job/runJob.ts";

/**
 * Ends runs that are RUNNING and that nobody logs to any more, as the CronJob does every hour; a
 * dry run only lists.
 */
export const staleRuns = ({ dryRun }: { dryRun: boolean }): Use => ({
  command: "stale-runs",
  cronJob: "stale-runs",
  commandLine: ["mlflow-instance-stale-runs", ...(dryRun ? ["--dry-run"] : [])],
  dryRun,
});
