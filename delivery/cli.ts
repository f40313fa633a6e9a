import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { run } from "../commandLine/run.ts";
import { register as comment } from "./commands/comment.ts";
import { register as deploy } from "./commands/deploy.ts";
import { register as drift } from "./commands/drift.ts";
import { register as preview } from "./commands/preview.ts";
import { register as previewEnvironment } from "./commands/previewEnvironment.ts";
import { register as setupCi } from "./commands/setupCi.ts";
import { register as stacks } from "./commands/stacks.ts";
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
