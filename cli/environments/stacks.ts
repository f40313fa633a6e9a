import { appendFile } from "node:fs/promises";
import type { Register } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { changedPaths, environmentsIn, touchedBy } from "../touchedStacks.ts";

interface Options {
  readonly changed?: string;
  readonly json: boolean;
  readonly check: boolean;
}

export const register: Register = (program, { root, out, note }, end) => {
  program
    .command("stacks")
    .description("list the environments that have a stack file in Git")
    .usage("-- [options]")
    .option("--changed <base>", "only those that the change since this Git ref touches")
    .option(
      "--check",
      "read their files and say every error in them; needs no secret and no engine",
      false,
    )
    .option("--json", "as a JSON array", false)
    .action((options: Options) =>
      end(async () => {
        const environments = await environmentsIn(root);
        const stacks =
          options.changed === undefined
            ? environments.map(({ stack }) => stack)
            : touchedBy(await changedPaths(root, options.changed), environments);
        const json = JSON.stringify(stacks);
        out(options.json ? `${json}\n` : stacks.map((stack) => `${stack}\n`).join(""));
        // For the jobs of a workflow that come after this one.
        const output = process.env["GITHUB_OUTPUT"];
        if (output) await appendFile(output, `stacks=${json}\n`);
        if (!options.check) return ExitCode.Clean;
        // The SDK behind it takes a second to load.
        const { checkStacks } = await import("./checkStacks.ts");
        const errors = checkStacks(root, stacks);
        for (const error of errors) note(error);
        return errors.length === 0 ? ExitCode.Clean : ExitCode.Error;
      }),
    );
};
