import type { Register } from "../context.ts";
import { pageOf } from "./preview/markdown.ts";
import { open, previewStack, writeTo } from "./preview/run.ts";

interface Options {
  readonly base?: string;
  readonly refresh: boolean;
  readonly markdown?: string;
  readonly json?: string;
}

export const register: Register = (program, context, end) => {
  program
    .command("preview")
    .usage("-- <stack> [options]")
    .description(
      "what a change will do to an environment, as one page: data at risk first, policies, every instance; changes nothing",
    )
    .argument("<stack>", "environment: a file stacks/Pulumi.<stack>.yaml")
    .option("--base <git ref>", "name the files that changed since then as the cause")
    .option(
      "--refresh",
      "look first at what is really there, so that what somebody changed by hand is put back",
      false,
    )
    .option("--markdown <file>", "write the page there, too")
    .option("--json <file>", "write the same facts there as JSON")
    .action((stack: string, { base, refresh, markdown, json }: Options) =>
      end(async () => {
        const report = await previewStack(context, await open(context, stack), { base, refresh });
        const page = pageOf(report);
        context.out(page);
        await writeTo(markdown, page);
        await writeTo(json, `${JSON.stringify(report, undefined, 2)}\n`);
        return report.exitCode;
      }),
    );
};
