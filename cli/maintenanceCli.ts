import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Argument, Command } from "commander";
import { run as runCommand } from "./run.ts";
import { orphans } from "./maintenance/orphans.ts";
import { purge, purgeKinds, type PurgeSteps } from "./maintenance/purge.ts";
import { restoreDeleted } from "./maintenance/restoreDeleted.ts";
import { retention } from "./maintenance/retention.ts";
import { staleRuns } from "./maintenance/staleRuns.ts";
import { askForName, confirmName } from "./maintenance/confirm.ts";
import { patience } from "./maintenance/job/job.ts";
import { openCluster } from "./maintenance/job/openCluster.ts";
import { fileSink, streamSink } from "./output.ts";
import { Refusal } from "./refusal.ts";
import { ends, ExitCode } from "./maintenance/job/exitCode.ts";
import { run, type Use } from "./maintenance/job/runJob.ts";
import { requestedBy } from "./maintenance/job/requestedBy.ts";
import { findTarget } from "./maintenance/job/target.ts";
import { plain } from "./maintenance/job/terminalText.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const interruption = new AbortController();
const notes = streamSink(process.stderr);
const standardOutput = streamSink(process.stdout, interruption.signal);

interface Common {
  readonly json?: string;
}

type OneJob = PurgeSteps["job"];

const carryOut = (use: Use, stack: string, instance: string, common: Common): Promise<void> =>
  withJobs(stack, instance, common, (job) => job(use, true));

/** Checks all input, then runs the command; `--json -` leaves standard output to machines. */
async function withJobs(
  stack: string,
  instance: string,
  { json }: Common,
  work: (job: OneJob) => Promise<ExitCode>,
): Promise<void> {
  const target = findTarget(root, stack, instance);
  const cluster = await openCluster(target.place);
  const machines =
    json === undefined ? undefined : json === "-" ? standardOutput : await fileSink(json);
  const people = json === "-" ? undefined : standardOutput;
  try {
    process.exitCode = await work((use, answer, onEvent) =>
      run(
        { ...use, ...(onEvent && { onEvent }) },
        target,
        cluster,
        // What is shown before a question goes beside the answer.
        answer
          ? { people, machines, notes }
          : { people: people ?? notes, machines: undefined, notes },
        patience,
        interruption.signal,
      ),
    );
  } finally {
    await machines?.end();
  }
}

function command(name: string, description: string, ...more: Argument[]): Command {
  const made = program
    .command(name)
    .description(description)
    .usage(
      [
        "-- <stack> <instance>",
        ...more.map((argument) => `<${argument.name()}>`),
        "[options]",
      ].join(" "),
    );
  made
    .argument("<stack>", "environment: a file stacks/Pulumi.<stack>.yaml")
    .argument("<instance>", "name of its instance file");
  for (const argument of more) made.addArgument(argument);
  return made
    .option(
      "--json <file>",
      "write the command's events there as JSON Lines; - is standard output, which then holds nothing else",
    )
    .showHelpAfterError();
}

const program = new Command("npm run").description(
  "The platform team's maintenance commands; docs/maintenance.md tells of each.",
);
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
  .action(
    (stack: string, instance: string, options: Common & { remove: boolean; confirm?: string }) => {
      if (!options.remove && options.confirm !== undefined)
        throw new Refusal("--confirm belongs to --remove; nothing was removed.");
      const terminal = { input: process.stdin, output: process.stderr };
      const confirm = () => confirmName(instance, options.confirm, terminal, interruption.signal);
      return carryOut(orphans({ remove: options.remove, confirm }), stack, instance, options);
    },
  );

command(
  "restore-deleted",
  "take a deleted experiment, run or logged model back",
  new Argument("<experiment-or-run>"),
).action((stack: string, instance: string, what: string, options: Common) =>
  carryOut(restoreDeleted(what), stack, instance, options),
);

command(
  "purge",
  "remove one deleted experiment, run or logged model, or a trace, for good and now; shows it and asks for its name",
  new Argument("<kind>", "what it is").choices(purgeKinds),
  new Argument("<id-or-name>", "its id, or a name that nothing else of its kind has"),
)
  .option("--dry-run", "list what goes, and change nothing", false)
  .option("--confirm <name>", "its name, or its id if it has no name, in place of the question")
  .action(
    (
      stack: string,
      instance: string,
      kind: string,
      what: string,
      options: Common & { dryRun: boolean; confirm?: string },
    ) => {
      const { dryRun, confirm } = options;
      const request = {
        kind,
        what,
        dryRun,
        requestedBy: requestedBy(),
        ...(confirm !== undefined && { confirm }),
      };
      const ask: PurgeSteps["ask"] = (typed, thing) => {
        const means = `This removes ${plain(thing)} of ${instance}, shown above, with no way back.`;
        const noun = `its name (${plain(typed)})`;
        return askForName(
          { name: typed, noun, means },
          { input: process.stdin, output: process.stderr },
          interruption.signal,
        );
      };
      return withJobs(stack, instance, options, (job) =>
        purge(request, { job, ask, hasTerminal: process.stdin.isTTY }),
      );
    },
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
  void process.stderr.write(
    `${interruption.signal.aborted ? "Interrupted; nothing was changed." : words}\n`,
  );
await runCommand(program, ends, say, interruption.signal);
// A name that is still being looked up, or a login program that hangs, must not hold up the end.
process.exit();
