import type { Use } from "./job/runJob.ts";

/**
 * Lists objects that no row points to and rows whose objects are missing; `remove` takes those
 * objects away, once `confirm` has agreed.
 */
export const orphans = ({
  remove,
  confirm,
}: {
  remove: boolean;
  confirm: () => Promise<void>;
}): Use => ({
  command: "orphans",
  cronJob: "retention",
  commandLine: ["mlflow-instance-orphans", ...(remove ? ["--remove"] : [])],
  dryRun: !remove,
  ...(remove ? { confirm } : {}),
});
