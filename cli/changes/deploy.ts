import type { Define } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { deployedPage } from "./preview/markdownDeployed.ts";
import { leftBy } from "./preview/failedUpdate.ts";
import { pageOf } from "./preview/markdown.ts";
import { judge, open, previewStack } from "./preview/run.ts";
import { openStack } from "./engine.ts";
import { changedInstances, guardedUp } from "./rollout/guardedUp.ts";
import { takeIn } from "./rollout/takeIn.ts";

/** `@ updating....` is the CLI's way to say that it lives. */
const isProgress = (line: string): boolean => line.trim() !== "" && !line.startsWith("@ ");

export const define: Define = (command, context, end) => {
  command
    .argument("<stack>", "environment: a file stacks/Pulumi.<stack>.yaml")
    .option("--refresh", "refresh the state first, and revert manual changes", false)
    .action((name: string, { refresh }: { refresh: boolean }) =>
      end(async () => {
        const preview = await previewStack(context, await open(context, name), { refresh });
        if (preview.exitCode !== ExitCode.Done) {
          context.out(pageOf(preview));
          context.note(`Nothing was changed: the preview of ${name} is not clean.`);
          return preview.exitCode;
        }
        // Without changes too: outputs alone may differ, and what a preview could not know is
        // checked now.
        const onLine = (line: string) => void (isProgress(line) && context.note(line));
        const run = await context.during(`Updating stack ${name}`, () =>
          guardedUp(context, name, changedInstances(preview), async (signal) =>
            (await openStack(context.root, name, { signal, onLine })).up({ refresh }),
          ),
        );
        await takeIn(context, name, run);
        const done = judge(await open(context, name), run);
        context.out(deployedPage(done, leftBy(run)));
        return done.exitCode;
      }),
    );
};
