import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context } from "./context.ts";
import { endOf } from "./endOfCommand.ts";
import { ExitCode } from "./exitCode.ts";
import { programFor } from "./program.ts";
import { reporterOn } from "./progress.ts";
import { terminalAsker } from "./questions.ts";

const interruption = new AbortController();
let endsAtOnce = false;
let interruptedAt = 0;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    const now = Date.now();
    // A terminal sends Ctrl-C to every process in front of it, and npx passes it on besides.
    const again = interruption.signal.aborted && now - interruptedAt > 300;
    if (again && endsAtOnce) process.exit(ExitCode.Interrupted);
    if (!interruption.signal.aborted) interruptedAt = now;
    interruption.abort();
  });
}

const reporter = reporterOn(process.stderr);
const context: Context = {
  root: dirname(dirname(fileURLToPath(import.meta.url))),
  signal: interruption.signal,
  ...reporter,
  out: (text) => {
    reporter.makeRoom();
    process.stdout.write(text);
  },
  asker: terminalAsker(process),
  today: new Date().toISOString().slice(0, 10),
  env: process.env,
  streams: process,
};

async function main(): Promise<ExitCode> {
  try {
    const program = programFor(context, {
      onVerb: (verb) => (endsAtOnce = verb.endsAtOnce === true),
    });
    return await program.run(process.argv.slice(2));
  } catch (error) {
    const { exitCode, text } = endOf(error, interruption.signal);
    if (text !== undefined) context.note(text);
    return exitCode;
  }
}

// A name that is still being looked up, or a login program that hangs, must not hold up the end.
process.exit(await main());
