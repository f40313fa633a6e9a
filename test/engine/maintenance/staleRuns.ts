import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { differences } from "../support/difference.ts";
import type { Database, InstanceState } from "../support/instanceState.ts";
import { maintainedInstance } from "../support/maintainedInstances.ts";
import type { Finished, MaintenanceJobs } from "../support/maintenanceJob.ts";
import { runScript, type Client } from "../support/python.ts";

/**
 * Runs that say RUNNING: which of them the job sets to FAILED, and that it does nothing else. What
 * has no time of its own (parameters, tags) the job watches from one run of it to the next.
 */

const name = "claims-sorting";
const hour = 3600 * 1000;
const observations = "maintenance/stale-runs/observations.json";
let client: Client;
let state: InstanceState;
let jobs: MaintenanceJobs;
let runs: Record<string, string>;

const stale = [
  "idle",
  "idle, much logged",
  "idle, old metric",
  "no start, old metric",
  "parent of an idle child",
  "idle child",
];
const staleLater = [
  "no start, nothing",
  "no start, young metric and idle",
  "parameter",
  "tag",
  "tag changed",
];
const kept: Record<string, string> = {
  metric: "active",
  parameter: "active",
  tag: "active",
  "tag changed": "active",
  artifact: "active",
  "file of its model": "active",
  kept: "keep-running",
  young: "recent",
  "no start, new metric": "active",
  "no start, young metric and idle": "recent",
  "no start, nothing": "recent",
  "parent of a living child": "child-running",
  "idle child of a living child's parent": "child-running",
};

beforeAll(async () => {
  ({ client, state, jobs } = await maintainedInstance(name, "stale-runs"));
  ({ runs } = await runScript<{ runs: Record<string, string> }>(
    client,
    "seedStaleRuns.py",
    "make",
  ));
  // The clock of the rows and of the files: everything began two days ago, and nothing was written
  // since but what a case says.
  const then = Date.now() - 48 * hour;
  await state.sql.query(
    "update runs set start_time = case when name like 'no start%' then $2::bigint when name = 'young' then $3 else $1 end",
    [then, null, Date.now() - 23 * hour],
  );
  await state.sql.query("update runs set start_time = 0 where name = 'no start, old metric'");
  await state.sql.query("update runs set end_time = $1 where end_time is not null", [then + hour]);
  await state.sql.query(
    "update logged_models set creation_timestamp_ms = $1, last_updated_timestamp_ms = $1",
    [then],
  );
  await state.ageObjects(
    "artifacts",
    40 * hour,
    (key) => !key.includes(idOf("artifact")) && !key.includes("/models/"),
  );
});

afterAll(() => state?.close());

const idOf = (run: string): string => {
  const id = runs[run];
  if (id === undefined) throw new Error(`no run ${run}`);
  return id;
};
const ids = (names: readonly string[]): string[] => names.map(idOf).toSorted();
const staleIn = ({ lines }: Finished): string[] =>
  lines.flatMap((line) => (line.event === "stale" ? [String(line["id"])] : [])).toSorted();
const keptIn = ({ lines }: Finished): Record<string, unknown> =>
  Object.fromEntries(
    lines.flatMap((line) => (line.event === "keep" ? [[line["id"], line["reason"]]] : [])),
  );

/** Makes the job believe that its last look was so much earlier. */
async function moveObservations(milliseconds: number): Promise<void> {
  const where = { Bucket: state.bucket, Key: observations };
  const body = await (await state.s3.send(new GetObjectCommand(where))).Body?.transformToString();
  const text = (body ?? "").replace(/\b1[0-9]{12}\b/g, (time) =>
    String(Number(time) - milliseconds),
  );
  expect(text).not.toBe(body);
  await state.s3.send(new PutObjectCommand({ ...where, Body: text }));
}

/**
 * All rows as they were, but for these runs: FAILED since now, with the reason and the time as
 * tags.
 */
function expectFailed(before: Database, after: Database, names: readonly string[]): void {
  const failed = new Set(ids(names));
  const undone = new Map(after.texts());
  const was = new Map(before.entries("runs").map(({ row, text }) => [row["run_uuid"], text]));
  undone.set(
    "runs",
    after.entries("runs").map(({ row, text }) => {
      const id = String(row["run_uuid"]);
      if (!failed.has(id)) return text;
      expect(row).toMatchObject({ status: "FAILED", lifecycle_stage: "active" });
      expect(Math.abs(Date.now() - Number(row["end_time"]))).toBeLessThan(120_000);
      return was.get(id) ?? "";
    }),
  );
  const tags = after
    .entries("tags")
    .filter(
      ({ row }) =>
        failed.has(String(row["run_uuid"])) && String(row["key"]).startsWith("stale-run."),
    );
  expect(
    tags.map(({ row }) => `${String(row["run_uuid"])} ${String(row["key"])}`).toSorted(),
  ).toEqual(
    [...failed].flatMap((id) => [`${id} stale-run.reason`, `${id} stale-run.time`]).toSorted(),
  );
  for (const { row } of tags)
    expect(row["value"]).toMatch(
      row["key"] === "stale-run.time"
        ? /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
        : /^RUNNING since .*without/,
    );
  undone.set(
    "tags",
    after.entries("tags").flatMap((entry) => (tags.includes(entry) ? [] : [entry.text])),
  );
  expect(differences(undone, before.texts())).toEqual([]);
}

describe("stale runs", () => {
  it("at its first look the job ends no run: it can't know since when parameters and tags are as they are", async () => {
    const before = await state.database();
    const first = await jobs.run();
    expect(first.exitCode, first.output).toBe(0);
    expectFailed(before, await state.database(), []);
  });

  it("a dry run lists those that have shown no life, says of the others why they stay, and changes nothing", async () => {
    await moveObservations(7 * hour);
    await runScript(client, "seedStaleRuns.py", "touch", JSON.stringify(runs));
    const before = await state.database();
    const dry = await jobs.run({ args: ["--dry-run"] });
    expect(dry.exitCode, dry.output).toBe(0);
    expect(staleIn(dry)).toEqual(ids(stale));
    const expected: Record<string, string> = {};
    for (const [run, reason] of Object.entries({ ...kept, "living grandchild": "active" }))
      expected[idOf(run)] = reason;
    expect(keptIn(dry)).toEqual(expected);
    expectFailed(before, await state.database(), []);
  });

  it("the job sets exactly these to FAILED, with reason and time, and touches nothing else", async () => {
    const before = await state.database();
    const real = await jobs.run();
    expect(real.exitCode, real.output).toBe(0);
    expectFailed(before, await state.database(), stale);
    expect(real.summary).toMatchObject({ stale: stale.length, ended: stale.length, failed: 0 });
  });

  it("later it ends those that showed life once and then no more, and those without a start time when their first sign is long enough ago", async () => {
    await moveObservations(20 * hour);
    const before = await state.database();
    const real = await jobs.run();
    expect(real.exitCode, real.output).toBe(0);
    expectFailed(before, await state.database(), staleLater);
  });

  it("a second run has nothing left to do", async () => {
    const before = await state.database();
    const again = await jobs.run();
    expect(again.exitCode, again.output).toBe(0);
    expectFailed(before, await state.database(), []);
    expect(again.summary).toMatchObject({ stale: 0, ended: 0 });
  });
});
