import type { Define } from "../context.ts";
import { carryOut, onInstance, type Common } from "../job/carryOut.ts";
import type { Use } from "../job/runJob.ts";

export const define: Define = (command, context, end) => {
  onInstance(command)
    .argument("<experiment-or-run>", "its id or name; a logged model, too")
    .action((stack: string, instance: string, what: string, options: Common) =>
      end(() => carryOut(restoreDeleted(what), { ...options, stack, instance }, context)),
    );
};

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
