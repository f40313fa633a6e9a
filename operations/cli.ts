import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { run as runCommand } from "../commandLine/run.ts";
import { orphans } from "./commands/orphans.ts";
import { restoreDeleted } from "./commands/restoreDeleted.ts";
import { retention } from "./commands/retention.ts";
import { staleRuns } from "./commands/staleRuns.ts";
import { confirmName } from "./confirm.ts";
import { patience } from "./job.ts";
import { openCluster } from "./openCluster.ts";
import { fileSink, streamSink } from "./output.ts";
import { Refusal } from "../commandLine/refusal.ts";
import { ends, ExitCode } from "./exitCode.ts";
import { run, type Use } from "./run.ts";
import { findTarget } from "./target.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const interruption = new AbortController();
const notes = streamSink(process.stderr);
const standardOutput = streamSink(process.stdout, interruption.signal);

interface Common {
  readonly json?: string;
}

/** Checks all input, then runs the command; `--json -` leaves standard output to machines. */
async function carryOut(use: Use, stack: string, instance: string, { json }: Common): Promise<void> {
  const target = findTarget(root, stack, instance);
  const cluster = await openCluster(target.place);
  const machines = json === undefined ? undefined : json === "-" ? standardOutput : await fileSink(json);
  const people = json === "-" ? undefined : standardOutput;
  try {
    process.exitCode = await run(use, target, cluster, { people, machines, notes }, patience, interruption.signal);
  } finally {
    await machines?.end();
  }
}

function command(name: string, description: string, ...more: string[]): Command {
  const made = program
    .command(name)
    .description(description)
    .usage(["-- <stack> <instance>", ...more, "[options]"].join(" "));
  made.argument("<stack>", "environment: a file stacks/Pulumi.<stack>.yaml").argument("<instance>", "name of its instance file");
  for (const argument of more) made.argument(argument);
  return made
    .option("--json <file>", "write the command's events there as JSON Lines; - is standard output, which then holds nothing else")
    .showHelpAfterError();
}

const program = new Command("npm run").description("The platform team's maintenance commands; docs/maintenance.md tells of each.");
// Wrong arguments end as wrong settings do.
program.exitOverride();

command("retention", "remove for good what was deleted longer ago than the instance's grace")
  .option("--dry-run", "list what goes and what is kept and why, and change nothing", false)
  .action((stack: string, instance: string, options: Common & { dryRun: boolean }) =>
    carryOut(retention(options), stack, instance, options),
  );

command("stale-runs", "set runs to FAILED that are RUNNING and that nobody logs to any more")
  .option("--dry-run", "list them, and change nothing", false)
  .action((stack: string, instance: string, options: Common & { dryRun: boolean }) =>
    carryOut(staleRuns(options), stack, instance, options),
  );

command("orphans", "list objects that no row points to, and rows whose objects are missing")
  .option("--remove", "remove those objects; asks for the instance's name", false)
  .option("--confirm <name>", "the instance's name, in place of the question")
  .action((stack: string, instance: string, options: Common & { remove: boolean; confirm?: string }) => {
    if (!options.remove && options.confirm !== undefined) throw new Refusal("--confirm belongs to --remove; nothing was removed.");
    const terminal = { input: process.stdin, output: process.stderr };
    const confirm = () => confirmName(instance, options.confirm, terminal, interruption.signal);
    return carryOut(orphans({ remove: options.remove, confirm }), stack, instance, options);
  });

command("restore-deleted", "take a deleted experiment, run or logged model back", "<experiment-or-run>").action(
  (stack: string, instance: string, what: string, options: Common) => carryOut(restoreDeleted(what), stack, instance, options),
);

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    // Asked twice: now, whatever is left behind.
    if (interruption.signal.aborted) process.exit(ExitCode.Interrupted);
    interruption.abort();
  });
}
// `… | head`: whoever read has enough, which is an interruption like any other.
process.stdout.on("error", () => interruption.abort());

const say = (words: string): void =>
  void process.stderr.write(`${interruption.signal.aborted ? "Interrupted; nothing was changed." : words}\n`);
await runCommand(program, ends, say, interruption.signal);
// A name that is still being looked up, or a login program that hangs, must not hold up the end.
process.exit();
