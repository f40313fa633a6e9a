import { openForge } from "./comment/openForge.ts";
import { closeIssue, marker, putIssue } from "./comment/publish.ts";
import { writeSummary } from "./comment/summary.ts";
import type { Context, Define } from "../context.ts";
import { driftOf, isClean, type Drift } from "./drift/drift.ts";
import { driftPage } from "./drift/page.ts";
import { Refusal } from "../refusal.ts";
import { ExitCode } from "../exitCode.ts";
import { readFailures } from "./preview/failures.ts";
import { jsonOption, writeResult, writeTo } from "../jsonOutput.ts";
import { judge, open } from "./preview/run.ts";

interface Options {
  readonly markdown?: string;
  readonly json?: string;
  readonly issue: boolean;
}

export const define: Define = (command, context, end) => {
  command
    .argument("<stack>", "environment: a file stacks/Pulumi.<stack>.yaml")
    .option("--markdown <file>", "write the page there, too")
    .addOption(jsonOption())
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
  { markdown, json, issue }: Options,
): Promise<ExitCode> {
  const forge = issue ? openForge(context.env, { signal: context.signal }) : undefined;
  const stack = await open(context, name);
  const refresh = await context.during(`Looking at what is there of stack ${name}`, () =>
    stack.previewRefresh(),
  );
  refuse(
    refresh.interrupted
      ? ["Interrupted; nothing was changed."]
      : readFailures(refresh, false).errors,
    refresh.interrupted,
  );
  const preview = await context.during("Comparing with what its files say", () => stack.preview());
  const report = judge(stack, preview);
  if (report.outcome === "error") throw new Refusal(report.errors.join("\n"), report.exitCode);

  const found = driftOf(refresh, preview, report);
  const page = driftPage(name, found);
  const exitCode =
    report.exitCode === ExitCode.Done && !isClean(found) ? ExitCode.Drift : report.exitCode;
  await writeResult(context, json, { text: page, facts: driftFacts(name, exitCode, found) });
  await writeTo(markdown, page);
  await writeSummary(context.env, page);
  if (forge !== undefined) {
    const mark = marker("drift", name);
    const outcome = isClean(found)
      ? await closeIssue(forge, mark, page)
      : await putIssue(forge, mark, `Drift in ${name}`, page);
    context.note(`${forge.name}: issue ${outcome}`);
  }
  return exitCode;
}

const driftFacts = (stack: string, exitCode: ExitCode, found: Drift) => ({
  schema: "mlflow-instances/drift",
  version: 1,
  stack,
  exitCode,
  ...found,
});

/** Without a whole look at both sides there is no verdict, and an issue stays as it is. */
function refuse(errors: readonly string[], interrupted = false): void {
  if (errors.length > 0)
    throw new Refusal(errors.join("\n"), interrupted ? ExitCode.Interrupted : ExitCode.Failed);
}
