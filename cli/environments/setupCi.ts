import type { Define } from "../context.ts";
import { refuseOutdated } from "../touchedStacks.ts";

export const define: Define = (command, { root, note, during, env }, end) => {
  command
    .argument("<stack>", "the environment that the job works on")
    .option(
      "--newest-of <branch>",
      "refuse when that branch has got changes of this environment since: they would be undone",
    )
    .action((stack: string, { newestOf }: { newestOf?: string }) =>
      end(async () => {
        if (newestOf !== undefined) await refuseOutdated(root, stack, newestOf);
        // The SDK behind these takes a second to load, which no other command should wait for.
        const { installPulumi } = await import("./installPulumi.ts");
        const { writeJobFiles } = await import("./jobFiles.ts");
        for (const path of await writeJobFiles(root, stack, env)) note(`written: ${path}`);
        await during("Installing the Pulumi CLI", () => installPulumi(root));
      }),
    );
};
