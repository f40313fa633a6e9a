import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { run } from "./run.ts";
import { register as newEnvironment } from "./environments/newEnvironment.ts";
import { register as newInstance } from "./instances/newInstance.ts";
import { register as promote } from "./instances/promote.ts";
import type { Context } from "./authoringContext.ts";
import { terminalAsker } from "./questions.ts";

const context: Context = {
  root: dirname(dirname(fileURLToPath(import.meta.url))),
  out: (text) => void process.stdout.write(text),
  note: (line) => void process.stderr.write(`${line}\n`),
  asker: terminalAsker(process),
  today: new Date().toISOString().slice(0, 10),
  env: process.env,
};

const program = new Command("npm run").description(
  "Write the files of environments and instances; docs/environments.md tells of each command.",
);
// Wrong arguments end as wrong input does.
program.exitOverride().showHelpAfterError("(--help lists every option)");
for (const register of [newEnvironment, newInstance, promote]) register(program, context);

await run(program, { wrong: 1, defect: 1 }, context.note);
