import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { register as comment } from "./commands/comment.ts";
import { register as deploy } from "./commands/deploy.ts";
import { register as drift } from "./commands/drift.ts";
import { register as preview } from "./commands/preview.ts";
import { register as previewEnvironment } from "./commands/previewEnvironment.ts";
import { register as setupCi } from "./commands/setupCi.ts";
import { register as stacks } from "./commands/stacks.ts";
import type { Context } from "./context.ts";
import { ExitCode, Refusal } from "./exitCode.ts";

const interruption = new AbortController();
const context: Context = {
  root: dirname(dirname(fileURLToPath(import.meta.url))),
  signal: interruption.signal,
  out: (text) => void process.stdout.write(text),
  note: (line) => void process.stderr.write(`${line}\n`),
};

const program = new Command("npm run").description("How a change gets to an environment; docs/previews.md tells of each command.");
// Wrong arguments end as wrong input does.
program.exitOverride().showHelpAfterError();
for (const register of [preview, deploy, comment, drift, setupCi, stacks, previewEnvironment]) {
  register(program, context, async (action) => {
    process.exitCode = await action();
  });
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interruption.abort());

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = codeOf(error);
  if (!(error instanceof CommanderError)) context.note(wordsOf(error));
}

function codeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Clean : ExitCode.Error;
  if (interruption.signal.aborted) return ExitCode.Interrupted;
  return error instanceof Refusal ? error.exitCode : ExitCode.Error;
}

function wordsOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  // A defect of ours shows where it came from.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
