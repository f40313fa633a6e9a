import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import type { Deployed } from "../../../../local/commands/up.ts";
import { cluster } from "../../support/cluster.ts";
import { differences } from "../../support/difference.ts";
import { instanceOf, tokenOf, type Engine } from "../../support/engine.ts";
import { InstanceState } from "../../support/instanceState.ts";
import { name, parcelForecast } from "../../support/parcelForecast.ts";
import { runPython, type Client } from "../../support/python.ts";

// The instance that the commands of ../operations.ts are typed on, and what is typed and seen
// there.

export const namespace = `mlflow-${name}`;
export const day = 24 * 3600 * 1000;
const seed = `
import json, mlflow, os, tempfile
client = mlflow.MlflowClient()
made = {}
for name in ("north depot", "south depot", "east depot"):
    experiment = client.create_experiment(name)
    run = client.create_run(experiment)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "forecast.txt")
        open(path, "w").write(name * 100)
        client.log_artifact(run.info.run_id, path)
    client.set_terminated(run.info.run_id)
    made[name] = {"experiment": experiment, "run": run.info.run_id}
for name in ("north depot", "south depot"):
    client.delete_experiment(made[name]["experiment"])
print(json.dumps(made))
`;

export let engine: Engine;
export let deployed: Deployed;
export let client: Client;
export let state: InstanceState;
export let scratch: string;
let made: Record<string, { experiment: string; run: string }>;

export const of = (experiment: string): { experiment: string; run: string } => {
  const found = made[experiment];
  if (found === undefined) throw new Error(`no experiment ${experiment} was made`);
  return found;
};

/** Three experiments with a run each, of which two were deleted long ago. */
export function setScene(): void {
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "operations-"));
    ({ engine, deployed } = await parcelForecast());
    const instance = instanceOf(deployed, name);
    client = {
      python: deployed.python,
      trackingUri: instance.trackingUri,
      token: tokenOf(instance, "ci"),
      caPath: deployed.platform.caPath,
    };
    state = await InstanceState.open(deployed, instance);
    const { code, output } = await runPython(client.python, seed, client);
    if (code !== 0) throw new Error(output);
    made = JSON.parse(output.trim().split("\n").at(-1) ?? "") as typeof made;
    // The clock of the rows: both experiments were deleted 40 days ago.
    await state.sql.query(
      "update experiments set last_update_time = $1 where lifecycle_stage = 'deleted'",
      [Date.now() - 40 * day],
    );
    await state.sql.query("update runs set deleted_time = $1 where lifecycle_stage = 'deleted'", [
      Date.now() - 40 * day,
    ]);
  });

  afterAll(async () => {
    await state?.close();
    await rm(scratch, { recursive: true, force: true });
  });
}

export interface Ended {
  readonly code: number;
  readonly output: string;
  readonly notes: string;
}

const projectFolder = (): string => engine.pulumi.project.folder;
const cli = (): string => join(projectFolder(), "cli", "main.ts");

/** Types a command without a terminal; `onNotes` sees standard error as it grows and may end it. */
export function type(
  args: readonly string[],
  onNotes: (notes: string, end: () => void) => void = () => undefined,
): Promise<Ended> {
  return spawned(process.execPath, [cli(), ...args], "", onNotes);
}

/** Types a command on a terminal of its own, and an answer to its question. */
export function typeOnTerminal(args: readonly string[], answer: string): Promise<Ended> {
  const words = [process.execPath, cli(), ...args].map((word) => `'${word}'`).join(" ");
  return spawned("script", ["--quiet", "--return", "--command", words, "/dev/null"], answer);
}

function spawned(
  program: string,
  args: readonly string[],
  input: string,
  onNotes: (notes: string, end: () => void) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: projectFolder(), stdio: ["pipe", "pipe", "pipe"] });
    let [output, notes] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => {
      notes += String(chunk);
      onNotes(notes, () => child.kill("SIGINT"));
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, output, notes }));
    child.stdin.end(input);
  });
}

/** Rows and keys; the jobs' own folder aside. */
export async function everything(): Promise<ReadonlyMap<string, readonly string[]>> {
  const keys = (await state.objects()).flatMap(({ key, latest, marker }) =>
    latest && !marker && !key.startsWith("maintenance/") ? [key] : [],
  );
  return new Map([...(await state.database()).texts(), ["keys", keys]]);
}

export async function expectUnchanged(work: () => Promise<void>): Promise<void> {
  const before = await everything();
  await work();
  expect(differences(await everything(), before)).toEqual([]);
}

export const eventsIn = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
export const keys = async (prefix: string): Promise<string[]> =>
  (await state.objects(prefix)).flatMap(({ key, latest, marker }) =>
    latest && !marker ? [key] : [],
  );
export const stageOf = async (experiment: string): Promise<string | undefined> => {
  const query = "select lifecycle_stage as stage from experiments where experiment_id = $1";
  return (await state.sql.query<{ stage: string }>(query, [Number(of(experiment).experiment)]))
    .rows[0]?.stage;
};
export const jobs = async (): Promise<any[]> =>
  JSON.parse(
    (await cluster(deployed).kubectl(["get", "jobs", "--namespace", namespace, "-o", "json"]))
      .output,
  ).items;
