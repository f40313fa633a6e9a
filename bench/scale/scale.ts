import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { ReadyPlatform } from "../../local/commands/up.ts";
import { ensureObjectStoreUsers, removeObjectStoreUsers } from "../../local/platform/index.ts";
import { up } from "../../local/stack/deploy.ts";
import { openPulumi, type Pulumi } from "../../local/stack/pulumi.ts";
import { destroyUnguarded } from "../../test/engine/support/unguarded.ts";
import { scratchProject } from "../../test/support/scratchProject.ts";
import { configureImagined, fiftyNames } from "../imaginedInstances.ts";
import { instanceFile } from "../instanceFile.ts";
import { seconds, type Row } from "../table.ts";
import { measuredRun, type Measured } from "./measuredRun.ts";
import { readRecording, type Declared } from "./recording.ts";
import { renamed } from "./renamed.ts";
import { emptied, flattened, multiplied, type State } from "./states.ts";

const profile = "test";
const stack = "scale";
const flatProject = "flat-instances";
/** Its name is in nothing but what is its own. */
const seed = "quartz-sorter";
const limit = "at most 105 % of flat";
const comparison = "none, for comparison";

const places = ["north", "south", "east", "west", "coast", "inland"];
const names = places.flatMap((place) => fiftyNames.map((name) => `${name}-${place}`));

// The schedules of an instance follow from a hash of its name unless it says them: here one
// instance's state has to do for all.
const file = `${instanceFile("bench")}maintenance: { retentionSchedule: "5 3 * * *", staleRunsSchedule: "10 * * * *" }\n`;

const preview = ["preview", "--suppress-outputs"];
const unchanged = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--expect-no-changes"];

interface Pair {
  readonly composed: Measured;
  readonly flat: Measured;
}

/**
 * An environment of many instances beside a flat program that declares the very same resources, in
 * turns. Previews are of instances that are all new. For the unchanged `up` one instance is
 * deployed, and its state is imported once for each name (`--expect-no-changes` holds that the
 * program and the engine take it for theirs): a hundred servers would need some 25 GB, and an
 * unchanged one is not touched.
 */
export async function scale(
  ready: ReadyPlatform,
  { sizes = [50, 100, 200, 300], size = 100, rounds = 3 } = {},
): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-bench-scale-"));
  const project = await scratchProject(folder, stack);
  const { instancesFolder } = project;
  const pulumi = await openPulumi(ready.pulumi.cli, project, join(folder, "state"));
  const flatFolder = await copyOfFlat(project.folder);
  const flat = await openPulumi(
    ready.pulumi.cli,
    { folder: flatFolder, stack: "flat", instancesFolder },
    pulumi.stateFolder,
  );
  const flatFile = join(flatFolder, "Pulumi.flat.yaml");
  const composed = composedStack(ready, pulumi);
  let state: State | undefined;
  try {
    await composed.declare([seed]);
    const ofPreview = await recorded(pulumi, preview, join(folder, "preview.jsonl"));
    await up(pulumi);
    state = await exported(pulumi);
    const ofUp = await recorded(pulumi, unchanged, join(folder, "up.jsonl"));

    await flat.run(["stack", "select", "--create", "--stack", flat.project.stack]);
    const salt = await readFile(flatFile, "utf8").catch(() => "");
    const declareFlat = async (
      chosen: readonly string[],
      resources: readonly Declared[],
    ): Promise<void> => {
      const recording = join(folder, "recording.json");
      await writeFile(recording, JSON.stringify(resources), { mode: 0o600 });
      const config = {
        "pulumi:disable-default-providers": ["*"],
        [`${flatProject}:instance`]: seed,
        [`${flatProject}:recording`]: recording,
        [`${flatProject}:names`]: JSON.stringify(chosen),
      };
      await writeFile(flatFile, salt + stringify({ config }));
    };
    const inTurns = async (args: readonly string[], count: number): Promise<Pair[]> => {
      const pairs: Pair[] = [];
      for (let round = 0; round < count; round += 1)
        pairs.push({
          composed: await measuredRun(pulumi, args),
          flat: await measuredRun(flat, args),
        });
      return pairs;
    };

    await imported(pulumi, emptied(state));
    const previews = new Map<number, Pair[]>();
    for (const count of sizes) {
      const chosen = names.slice(0, count);
      await composed.declare(chosen);
      await declareFlat(chosen, ofPreview);
      previews.set(count, await inTurns(preview, count === size ? rounds : 1));
    }

    const chosen = names.slice(0, size);
    const many = multiplied(state, seed, chosen);
    await composed.declare(chosen);
    await declareFlat(chosen, ofUp);
    await imported(pulumi, many);
    await imported(flat, flattened(many, flatProject, flat.project.stack));
    // The first one writes the stack's outputs.
    await inTurns(unchanged, 1);
    const ups = await inTurns(unchanged, rounds);

    return [
      ...rowsOf("preview of", "new instances", size, previews.get(size) ?? []),
      ...growth(previews),
      ...rowsOf("unchanged up of", "instances", size, ups),
    ];
  } finally {
    // Both stacks' states speak of what was never made; the one instance that was is in its own.
    if (state !== undefined) await imported(pulumi, state);
    await destroyUnguarded(pulumi);
    await removeObjectStoreUsers(profile, seed);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The flat program in a project's folder, whose packages it finds. */
async function copyOfFlat(project: string): Promise<string> {
  const target = join(project, "bench", "scale");
  await cp(import.meta.dirname, target, { recursive: true });
  return join(target, "flat");
}

/**
 * Declares instances by their files, with a user of the object store for each: the first one's, by
 * another name.
 */
function composedStack(ready: ReadyPlatform, pulumi: Pulumi) {
  const { instancesFolder } = pulumi.project;
  return {
    async declare(chosen: readonly string[]): Promise<void> {
      for (const name of await readdir(instancesFolder)) await rm(join(instancesFolder, name));
      for (const name of chosen) await writeFile(join(instancesFolder, `${name}.yaml`), file);
      const users = await ensureObjectStoreUsers(profile, [seed]);
      const keys = Object.fromEntries(
        chosen.map((name) => [
          name,
          JSON.parse(renamed(JSON.stringify(users[seed]), seed, name)) as unknown,
        ]),
      );
      await configureImagined(pulumi, ready, keys);
    },
  };
}

/** What the program declares in a run, from the engine's log of calls. */
async function recorded(pulumi: Pulumi, args: readonly string[], log: string): Promise<Declared[]> {
  await measuredRun({ ...pulumi, env: { ...pulumi.env, PULUMI_DEBUG_GRPC: log } }, args);
  return readRecording(log);
}

const exported = async (pulumi: Pulumi): Promise<State> =>
  JSON.parse(
    await pulumi.run(["stack", "export", "--show-secrets", "--stack", pulumi.project.stack]),
  ) as State;

const imported = (pulumi: Pulumi, state: State): Promise<string> =>
  pulumi.run(["stack", "import", "--stack", pulumi.project.stack], {
    input: JSON.stringify(state),
  });

function rowsOf(what: string, kind: string, size: number, pairs: readonly Pair[]): Row[] {
  const count = (measured: Measured | undefined): string =>
    (measured?.resources ?? 0).toLocaleString("en");
  const row = (text: string, unit: string, bound: string, figure: (pair: Pair) => number): Row => ({
    what: text,
    figures: pairs.map(figure),
    unit,
    bound,
  });
  const [first] = pairs;
  return [
    row(
      `${what} ${size} ${kind} (${count(first?.composed)} resources, components among them), without packs`,
      seconds,
      limit,
      ({ composed }) => composed.seconds,
    ),
    row(
      `the same declared flat (${count(first?.flat)} resources, all but the components), in turns`,
      seconds,
      comparison,
      ({ flat }) => flat.seconds,
    ),
    row(
      "the former in percent of the latter",
      "%",
      "at most 125 %",
      ({ composed, flat }) => (100 * composed.seconds) / flat.seconds,
    ),
  ];
}

function growth(previews: ReadonlyMap<number, readonly Pair[]>): Row[] {
  return [...previews].flatMap(([count, pairs]): Row[] => [
    {
      what: `preview of ${count} new instances, for each of them`,
      figures: pairs.map(({ composed }) => composed.seconds / count),
      unit: seconds,
      bound: "the same for any number",
    },
    {
      what: `the same declared flat, ${count} times`,
      figures: pairs.map(({ flat }) => flat.seconds / count),
      unit: seconds,
      bound: comparison,
    },
    {
      what: `peak memory of the preview of ${count} (PSS of engine, program, plugins)`,
      figures: pairs.map(({ composed }) => composed.peakMebibytes),
      unit: "MiB",
      bound: "none",
    },
  ]);
}
