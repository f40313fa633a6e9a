import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { run } from "./run.ts";
import { register as comment } from "./changes/comment.ts";
import { register as deploy } from "./changes/deploy.ts";
import { register as drift } from "./changes/drift.ts";
import { register as preview } from "./changes/preview.ts";
import { register as previewEnvironment } from "./changes/reviewEnvironment.ts";
import { register as setupCi } from "./environments/setupCi.ts";
import { register as stacks } from "./environments/stacks.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./exitCode.ts";

const interruption = new AbortController();
const context: Context = {
  root: dirname(dirname(fileURLToPath(import.meta.url))),
  signal: interruption.signal,
  out: (text) => void process.stdout.write(text),
  note: (line) => void process.stderr.write(`${line}\n`),
};

const program = new Command("npm run").description(
  "How a change gets to an environment; docs/previews.md tells of each command.",
);
// Wrong arguments end as wrong input does.
program.exitOverride().showHelpAfterError();
for (const register of [preview, deploy, comment, drift, setupCi, stacks, previewEnvironment]) {
  register(program, context, async (action) => {
    process.exitCode = await action();
  });
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => interruption.abort());

await run(
  program,
  { wrong: ExitCode.Error, defect: ExitCode.Error },
  context.note,
  interruption.signal,
);
