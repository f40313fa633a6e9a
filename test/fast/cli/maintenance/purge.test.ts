import { expect, test } from "vitest";
import { Refusal } from "../../../../cli/refusal.ts";
import { purge, type PurgeRequest, type PurgeSteps } from "../../../../cli/maintenance/purge.ts";
import { eventIn } from "../../../../cli/job/events.ts";
import { ExitCode } from "../../../../cli/exitCode.ts";
import { oneOffJob } from "../../../../cli/job/jobManifest.ts";
import type { Use } from "../../../../cli/job/runJob.ts";
import { lineOf } from "../../../../cli/job/eventLine.ts";
import { cronJob } from "./support/fakeCluster.ts";

// Which Jobs a purge makes, in which order, and that nothing is removed by any other way than its
// name.

const request: PurgeRequest = {
  kind: "experiment",
  what: "north depot",
  dryRun: false,
  requestedBy: "ada@desk",
};
const found = JSON.stringify({
  event: "purge",
  kind: "experiment",
  id: "7",
  name: "north depot",
  confirm: "north depot",
  requestedBy: "ada@desk",
  at: "2026-11-22T14:05:09Z",
});

interface Given {
  readonly exitCodes?: readonly ExitCode[];
  readonly hasTerminal?: boolean;
  readonly typed?: string;
}

function steps({ exitCodes = [], hasTerminal = true, typed = "north depot" }: Given = {}) {
  const jobs: { use: Use; answer: boolean }[] = [];
  const asked: string[] = [];
  const made: PurgeSteps = {
    hasTerminal,
    job: (use, answer, onEvent) => {
      jobs.push({ use, answer });
      onEvent?.(eventIn(found)!);
      return Promise.resolve(exitCodes[jobs.length - 1] ?? ExitCode.Done);
    },
    ask: (name, thing) => {
      asked.push(thing);
      return typed === name ? Promise.resolve() : Promise.reject(new Refusal("not its name"));
    },
  };
  return { made, jobs, asked, commandLines: () => jobs.map(({ use }) => use.commandLine) };
}

const removing = [
  "mlflow-instance-purge",
  "--confirm=north depot",
  "--requested-by=ada@desk",
  "--",
  "experiment",
  "7",
];
const looking = [
  "mlflow-instance-purge",
  "--dry-run",
  "--requested-by=ada@desk",
  "--",
  "experiment",
  "north depot",
];

test("looks first, asks for the name, and removes by the id that was shown", async () => {
  const { made, jobs, asked, commandLines } = steps();
  expect(await purge(request, made)).toBe(ExitCode.Done);
  expect(commandLines()).toEqual([looking, removing]);
  expect(asked).toEqual(["experiment 7"]);
  // Machines get the events of the removal alone; only what looks may be ended by Ctrl-C.
  expect(jobs.map(({ use, answer }) => [use.dryRun, answer])).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(jobs.map(({ use }) => [use.cronJob, use.command])).toEqual(
    Array(2).fill(["retention", "purge"]),
  );
});

test("a name typed wrong makes no second Job", async () => {
  const { made, commandLines } = steps({ typed: "south depot" });
  await expect(purge(request, made)).rejects.toThrow("not its name");
  expect(commandLines()).toEqual([looking]);
});

test.each([ExitCode.Failed, ExitCode.Wrong, ExitCode.Locked, ExitCode.Interrupted])(
  "a look that ends with %i ends the command with it, unasked",
  async (code) => {
    const { made, commandLines, asked } = steps({ exitCodes: [code] });
    expect(await purge(request, made)).toBe(code);
    expect({ lines: commandLines(), asked }).toEqual({ lines: [looking], asked: [] });
  },
);

test.each([ExitCode.Failed, ExitCode.Wrong, ExitCode.Left, ExitCode.Locked])(
  "a removal's exit code %i is the command's",
  async (code) => {
    expect(await purge(request, steps({ exitCodes: [ExitCode.Done, code] }).made)).toBe(code);
  },
);

test("a dry run is one Job and asks nothing", async () => {
  const { made, commandLines, jobs, asked } = steps({ hasTerminal: false });
  expect(await purge({ ...request, dryRun: true }, made)).toBe(ExitCode.Done);
  expect({ lines: commandLines(), asked, answer: jobs[0]!.answer }).toEqual({
    lines: [looking],
    asked: [],
    answer: true,
  });
});

test("--confirm is compared in the Job that removes", async () => {
  const { made, commandLines, asked } = steps({ hasTerminal: false });
  await purge({ ...request, what: "7", confirm: "north depot" }, made);
  expect({ lines: commandLines(), asked }).toEqual({ lines: [removing], asked: [] });
});

test.each<[string, Partial<PurgeRequest>, Given, RegExp]>([
  [
    "without a terminal and without --confirm",
    {},
    { hasTerminal: false },
    /use --confirm <its name>\. Nothing was removed\.$/,
  ],
  [
    "with --confirm and --dry-run",
    { dryRun: true, confirm: "north depot" },
    {},
    /--confirm is not for --dry-run/,
  ],
])("makes no Job %s", async (_how, changed, given, words) => {
  const { made, jobs } = steps(given);
  await expect(purge({ ...request, ...changed }, made)).rejects.toThrow(words);
  expect(jobs).toEqual([]);
});

test("takes what a user types as it is: no option, no shell, and none of Kubernetes' own replacements", async () => {
  const typed = "--dry-run $(MLFLOW_BACKEND_STORE_URI) `x` $$";
  const { made, jobs } = steps();
  await purge({ ...request, what: typed, confirm: typed }, made);
  const { commandLine } = jobs[0]!.use;
  const job = oneOffJob(cronJob(), {
    command: "purge",
    commandLine,
    requestedBy: "a@b",
    time: new Date(0),
    suffix: "s",
  });
  const command = job.spec!.template.spec!.containers[0]!.command!.map((part) =>
    part.replaceAll("$$", "$"),
  );
  expect(command).toEqual([
    "mlflow-instance-purge",
    `--confirm=${typed}`,
    "--requested-by=ada@desk",
    "--",
    "experiment",
    typed,
  ]);
});

test("shows on one line what it is about", () => {
  const hostile = { ...JSON.parse(found), name: "a\nremove  run" };
  expect(lineOf(eventIn(JSON.stringify(hostile))!)).toMatch(
    /^purge +experiment +7 +"a\\u\{a\}remove {2}run"$/,
  );
});
