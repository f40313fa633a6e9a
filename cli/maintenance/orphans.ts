import type { Define } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { onInstance, withJobs, type Common } from "../job/carryOut.ts";
import { confirmName } from "./confirm.ts";
import type { Use } from "../job/runJob.ts";

interface Options extends Common {
  readonly remove: boolean;
  readonly confirm?: string;
}

export const define: Define = (command, context, end) => {
  onInstance(command)
    .option("--remove", "remove those objects; asks for the instance's name", false)
    .option("--confirm <name>", "the instance's name, in place of the question")
    .action((stack: string, instance: string, options: Options) =>
      end(async () => {
        const { remove, confirm } = options;
        if (!remove && confirm !== undefined)
          throw new Refusal("--confirm belongs to --remove; nothing was removed.");
        const terminal = { input: context.streams.stdin, output: context.streams.stderr };
        return withJobs({ ...options, stack, instance }, context, (job, signal) =>
          job(
            orphans({ remove, confirm: () => confirmName(instance, confirm, terminal, signal) }),
            true,
          ),
        );
      }),
    );
};

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
