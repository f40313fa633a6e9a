import type { Define } from "../context.ts";
import { carryOut, onInstance, type Common } from "../job/carryOut.ts";
import type { Use } from "../job/runJob.ts";

export const define: Define = (command, context, end) => {
  onInstance(command)
    .option("--dry-run", "list them, and change nothing", false)
    .action((stack: string, instance: string, options: Common & { dryRun: boolean }) =>
      end(() => carryOut(staleRuns(options), { ...options, stack, instance }, context)),
    );
};

/**
 * Ends RUNNING runs that get no more data, as the CronJob does every hour; a
 * dry run only lists.
 */
export const staleRuns = ({ dryRun }: { dryRun: boolean }): Use => ({
  command: "stale-runs",
  cronJob: "stale-runs",
  commandLine: ["mlflow-instance-stale-runs", ...(dryRun ? ["--dry-run"] : [])],
  dryRun,
});
