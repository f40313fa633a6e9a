import { appendFile } from "node:fs/promises";
import type { Define } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { jsonOrBareOption, writeResult } from "../jsonOutput.ts";
import { changedPaths, environmentsIn, touchedBy } from "../touchedStacks.ts";

interface Options {
  readonly changed?: string;
  readonly json?: string;
  readonly check: boolean;
}

export const define: Define = (command, { root, out, note, during, env }, end) => {
  command
    .option("--changed <git ref>", "only those that the change since then touches")
    .option(
      "--check",
      "read their files and report every error in them; needs no secret and no engine",
      false,
    )
    .addOption(jsonOrBareOption("their names"))
    .action((options: Options) =>
      end(async () => {
        const environments = await environmentsIn(root);
        const stacks =
          options.changed === undefined
            ? environments.map(({ stack }) => stack)
            : touchedBy(await changedPaths(root, options.changed), environments);
        await writeResult({ out }, options.json, {
          text: stacks.map((stack) => `${stack}\n`).join(""),
          facts: stacks,
          // One line: a workflow reads it into a matrix.
          indent: 0,
        });
        // For the jobs of a workflow that come after this one.
        const output = env["GITHUB_OUTPUT"];
        if (output) await appendFile(output, `stacks=${JSON.stringify(stacks)}\n`);
        if (!options.check) return ExitCode.Done;
        const errors = await during("Checking the files of the environments", async () => {
          // The SDK behind it takes a second to load.
          const { checkStacks } = await import("./checkStacks.ts");
          return checkStacks(root, stacks);
        });
        for (const error of errors) note(error);
        return errors.length === 0 ? ExitCode.Done : ExitCode.Wrong;
      }),
    );
};
