import { openForge } from "./comment/openForge.ts";
import { closeIssue, marker, putIssue } from "./comment/publish.ts";
import { writeSummary } from "./comment/summary.ts";
import type { Context, Register } from "../context.ts";
import { driftOf, isClean } from "./drift/drift.ts";
import { driftPage } from "./drift/page.ts";
import { Refusal } from "../refusal.ts";
import { ExitCode } from "../exitCode.ts";
import { readFailures } from "./preview/failures.ts";
import { judge, open, writeTo } from "./preview/run.ts";

interface Options {
  readonly markdown?: string;
  readonly issue: boolean;
}

export const register: Register = (program, context, end) => {
  program
    .command("drift")
    .usage("-- <stack> [options]")
    .description(
      "compare what is there with what the last update left and with what the files say; changes nothing, not even the state",
    )
    .argument("<stack>", "environment: a file stacks/Pulumi.<stack>.yaml")
    .option("--markdown <file>", "write the page there, too")
    .option(
      "--issue",
      "keep one issue at the forge: opened with the drift, changed with it, closed when it is gone",
      false,
    )
    .action((stack: string, options: Options) => end(() => drift(context, stack, options)));
};

async function drift(
  context: Context,
  name: string,
  { markdown, issue }: Options,
): Promise<ExitCode> {
  const forge = issue ? openForge(process.env, { signal: context.signal }) : undefined;
  const stack = await open(context, name);
  context.note(`Looking at what is there of stack ${name} …`);
  const refresh = await stack.previewRefresh();
  refuse(
    refresh.interrupted
      ? ["Interrupted; nothing was changed."]
      : readFailures(refresh, false).errors,
    refresh.interrupted,
  );
  context.note("Comparing with what its files say …");
  const preview = await stack.preview();
  const report = judge(stack, preview);
  if (report.exitCode === ExitCode.Error) refuse(report.errors);

  const found = driftOf(refresh, preview, report);
  const page = driftPage(name, found);
  context.out(page);
  await writeTo(markdown, page);
  await writeSummary(process.env, page);
  if (forge !== undefined) {
    const mark = marker("drift", name);
    const outcome = isClean(found)
      ? await closeIssue(forge, mark, page)
      : await putIssue(forge, mark, `Drift in ${name}`, page);
    context.note(`${forge.name}: issue ${outcome}`);
  }
  if (report.exitCode !== ExitCode.Clean) return report.exitCode;
  return isClean(found) ? ExitCode.Clean : ExitCode.Drift;
}

/** Without a whole look at both sides there is no verdict, and an issue stays as it is. */
function refuse(errors: readonly string[], interrupted = false): void {
  if (errors.length > 0)
    throw new Refusal(errors.join("\n"), interrupted ? ExitCode.Interrupted : ExitCode.Error);
}
