import type { Use } from "./job/runJob.ts";

/**
 * Takes a deleted experiment (with its runs), run or logged model back, as long as it isn't
 * removed.
 */
export const restoreDeleted = (what: string): Use => ({
  command: "restore-deleted",
  cronJob: "retention",
  commandLine: ["mlflow-instance-restore", what],
  dryRun: false,
});
