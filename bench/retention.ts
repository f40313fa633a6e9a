import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { clientEnvironment } from "../local/client/environment.ts";
import type { Deployed } from "../local/commands/up.ts";
import type { InstanceOutput } from "../local/stack/outputs.ts";
import { InstanceState } from "../test/engine/support/instanceState.ts";
import { isRunning, MaintenanceJobs } from "../test/engine/support/maintenanceJob.ts";
import { pythonWithFlavours } from "../test/engine/support/python.ts";
import { objectsPerRun, seedManyRuns } from "./manyRuns.ts";
import type { Row } from "./table.ts";

/**
 * `mlflow gc` would take many minutes for all of them; its rate does not depend on how many it is
 * given.
 */
const gcRuns = 500;
const fewRuns = 1_000;
const manyRuns = 10_000;

interface Measured {
  readonly seconds: number;
  readonly peakMebibytes: number;
}

/** Retention of many runs, and `mlflow gc` beside it: rates and memory. */
export async function retention(deployed: Deployed, instance: InstanceOutput): Promise<Row[]> {
  const state = await InstanceState.open(deployed, instance);
  try {
    const runs = await seedManyRuns(state, deployed.python, fewRuns + gcRuns + manyRuns);
    const jobs = new MaintenanceJobs(deployed, instance.namespace, "retention");

    await setDeleted(state, runs.slice(fewRuns), 0);
    const few = await measured(jobs, state, gcRuns + manyRuns);
    await setDeleted(state, runs, 45);
    const gcSeconds = await mlflowGc(deployed, instance, runs.slice(fewRuns, fewRuns + gcRuns));
    await expectRuns(state, manyRuns);
    const many = await measured(jobs, state, 0);

    const rate = manyRuns / many.seconds;
    const gcRate = gcRuns / gcSeconds;
    const data = `${manyRuns.toLocaleString("en")} runs with ${(manyRuns * objectsPerRun).toLocaleString("en")} objects`;
    return [
      {
        what: `retention of ${data}, start of its process included`,
        figures: [rate],
        unit: "runs/s",
        bound: "3 times mlflow gc",
      },
      {
        what: `mlflow gc beside it, on ${gcRuns} runs of the same kind in the same database and bucket, without its start`,
        figures: [gcRate],
        unit: "runs/s",
        bound: "none, for comparison",
      },
      {
        what: "retention's rate in mlflow gc's",
        figures: [rate / gcRate],
        unit: "times",
        bound: "at least 3",
      },
      {
        what: `peak memory of retention (RSS), ${data}`,
        figures: [many.peakMebibytes],
        unit: "MiB",
        bound: "the job's limit",
      },
      {
        what: `the same, with ${fewRuns.toLocaleString("en")} runs due`,
        figures: [few.peakMebibytes],
        unit: "MiB",
        bound: "none, for comparison",
      },
    ];
  } finally {
    await state.empty();
    await state.close();
  }
}

/** Moves the clock of the rows: so many days ago. */
async function setDeleted(
  state: InstanceState,
  runs: readonly string[],
  days: number,
): Promise<void> {
  await state.sql.query(
    "update runs set deleted_time = (extract(epoch from now()) * 1000)::bigint - $2 * 86400000::bigint where run_uuid = any ($1)",
    [runs, days],
  );
}

async function measured(
  jobs: MaintenanceJobs,
  state: InstanceState,
  runsLeft: number,
): Promise<Measured> {
  const job = await jobs.start();
  const pid = await jobs.process(job);
  const started = performance.now();
  let peak = 0;
  while (isRunning(pid)) {
    peak = Math.max(peak, peakOf(pid));
    await sleep(20);
  }
  const seconds = (performance.now() - started) / 1000;
  const { exitCode, output } = await jobs.end(job);
  if (exitCode !== 0) throw new Error(`retention ended with ${exitCode}:\n${output}`);
  await expectRuns(state, runsLeft);
  return { seconds, peakMebibytes: peak / 1024 };
}

/** The kernel's own record of the most that was resident, in KiB. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function expectRuns(state: InstanceState, count: number): Promise<void> {
  const { rows } = await state.sql.query<{ count: number }>(
    "select count(*)::int as count from runs where user_id = 'bench'",
  );
  if (rows[0]?.count !== count)
    throw new Error(`${rows[0]?.count} runs are left instead of ${count}`);
}

async function mlflowGc(
  deployed: Deployed,
  instance: InstanceOutput,
  runs: readonly string[],
): Promise<number> {
  const { postgresql, caPath } = deployed.platform;
  const token = instance.tokens.find(({ role }) => role === "admin");
  if (token === undefined) throw new Error(`${instance.name} has no token with the role admin`);
  const uri = new URL(
    `postgresql+psycopg2://${postgresql.host}:${postgresql.port}/${instance.database}?sslmode=verify-full`,
  );
  uri.username = postgresql.adminUser;
  uri.password = (await readFile(postgresql.adminPasswordFile, "utf8")).trim();
  uri.searchParams.set("sslrootcert", caPath);
  const child = promisify(execFile)(
    await pythonWithFlavours(),
    [join(import.meta.dirname, "mlflowGc.py")],
    {
      env: {
        ...clientEnvironment({ trackingUri: instance.trackingUri, token: token.value, caPath }),
        PYTHONDONTWRITEBYTECODE: "1",
        GC_BACKEND_STORE_URI: uri.toString(),
      },
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  child.child.stdin?.end(runs.join("\n"));
  return (JSON.parse((await child).stdout) as { seconds: number }).seconds;
}
