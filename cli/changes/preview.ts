import type { Define } from "../context.ts";
import { jsonOption, writeResult, writeTo } from "../jsonOutput.ts";
import { pageOf } from "./preview/markdown.ts";
import { open, previewStack } from "./preview/run.ts";

interface Options {
  readonly base?: string;
  readonly refresh: boolean;
  readonly markdown?: string;
  readonly json?: string;
}

export const define: Define = (command, context, end) => {
  command
    .argument("<stack>", "environment: a file stacks/Pulumi.<stack>.yaml")
    .option("--base <git ref>", "name the files that changed since then as the cause")
    .option("--refresh", "refresh the state first, so that manual changes are reverted", false)
    .option("--markdown <file>", "write the page there, too")
    .addOption(jsonOption())
    .action((stack: string, { base, refresh, markdown, json }: Options) =>
      end(async () => {
        const report = await previewStack(context, await open(context, stack), { base, refresh });
        const page = pageOf(report);
        await writeResult(context, json, { text: page, facts: report });
        await writeTo(markdown, page);
        return report.exitCode;
      }),
    );
};
