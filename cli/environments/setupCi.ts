import type { Register } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { refuseOutdated } from "../touchedStacks.ts";

export const register: Register = (program, { root, note }, end) => {
  program
    .command("setup-ci")
    .description(
      "prepare a pipeline's job: write the files that it was handed in variables, install the Pulumi CLI where npm scripts find it",
    )
    .usage("-- <stack> [options]")
    .argument("<stack>", "the environment that the job works on")
    .option(
      "--newest-of <branch>",
      "refuse when that branch has got changes of this environment since: they would be undone",
    )
    .action((stack: string, { newestOf }: { newestOf?: string }) =>
      end(async () => {
        if (newestOf !== undefined) await refuseOutdated(root, stack, newestOf);
        // The SDK behind these takes a second to load, which no other command should wait for.
        const { installCli } = await import("./installPulumi.ts");
        const { writeJobFiles } = await import("./jobFiles.ts");
        for (const path of await writeJobFiles(root, stack, process.env)) note(`written: ${path}`);
        await installCli(root);
        return ExitCode.Clean;
      }),
    );
};
