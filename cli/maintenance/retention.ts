import type { Define } from "../context.ts";
import { carryOut, onInstance, type Common } from "../job/carryOut.ts";
import type { Use } from "../job/runJob.ts";

export const define: Define = (command, context, end) => {
  onInstance(command)
    .option("--dry-run", "list what goes and what is kept and why, and change nothing", false)
    .action((stack: string, instance: string, options: Common & { dryRun: boolean }) =>
      end(() => carryOut(retention(options), { ...options, stack, instance }, context)),
    );
};

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
