import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { platformStatus, startPlatform } from "../../../local/platform/index.ts";
import { silentReport } from "../../../local/report.ts";
import { differences } from "../support/difference.ts";
import type { BucketObject, InstanceState } from "../support/instanceState.ts";
import { Interruptions } from "../support/interruptions.ts";
import { maintainedInstance } from "../support/maintainedInstances.ts";
import type { Finished, Line, MaintenanceJobs } from "../support/maintenanceJob.ts";
import { pythonWithFlavours, runScript, type Client } from "../support/python.ts";
import { randomNumbers } from "../support/random.ts";
import { whatRemains, type Outcome } from "../support/retentionModel.ts";
import { seedRetention, type Seeded } from "../support/retentionSeed.ts";
import { engineContext } from "../support/context.ts";

/**
 * Retention on a real instance: 300 runs and more in 30 experiments, written by the unmodified
 * client, and a model, independent of the job's code, of what must remain. After every run of the
 * job, also after those that were killed or lost a service, all rows and all keys equal the model.
 */

const name = "claims-triage";
const retentionMs = 30 * 24 * 3600 * 1000;
const kills = 20;
let client: Client;
let state: InstanceState;
let jobs: MaintenanceJobs;
let interruptions: Interruptions;
let seeded: Seeded;
let expected: Outcome;
let flavours: Promise<string>;

beforeAll(async () => {
  // On a new machine its packages are installed first: beside what follows, where nothing needs
  // them yet.
  flavours = pythonWithFlavours();
  flavours.catch(() => undefined);
  ({ client, state, jobs } = await maintainedInstance(name, "retention"));
  interruptions = new Interruptions(state, jobs);
  seeded = await seedRetention(client, state);
  await state.save();
  expected = whatRemains(await state.database(), await state.objects(), {
    now: Date.now(),
    retentionMs,
    bucket: state.bucket,
  });
});

afterAll(() => state?.close());

const isOurs = ({ key }: BucketObject): boolean => key.startsWith("maintenance/");
const keysOf = (objects: readonly BucketObject[]): string[] =>
  objects.flatMap((object) =>
    object.latest && !object.marker && !isOurs(object) ? [object.key] : [],
  );

/** What differs from the model, in rows and keys. */
async function differencesFromModel(): Promise<readonly string[]> {
  const rows = differences((await state.database()).texts(), expected.rows);
  return [
    ...rows,
    ...differences(
      new Map([["keys", keysOf(await state.objects())]]),
      new Map([["keys", expected.keys]]),
    ),
  ];
}

/** Plans that have no report: a run that did not come to its end. */
async function openPlans(): Promise<string[]> {
  const keys = (await state.objects("maintenance/retention/")).flatMap(({ key, latest, marker }) =>
    latest && !marker ? [key] : [],
  );
  const folders = new Set(keys.map((key) => key.slice(0, key.lastIndexOf("/"))));
  return [...folders].filter((folder) => !keys.includes(`${folder}/report.json`));
}

const lineOf = (line: Line, ...fields: readonly string[]): string =>
  fields.map((field) => `${field} ${JSON.stringify(line[field])}`).join(", ");
const removals = ({ lines }: Finished): string[] =>
  lines.flatMap((line) =>
    line.event === "remove" ? [lineOf(line, "kind", "id", "objects", "bytes")] : [],
  );
const keeps = ({ lines }: Finished): string[] =>
  lines.flatMap((line) => (line.event === "keep" ? [lineOf(line, "kind", "id", "reason")] : []));
const sorted = (texts: readonly string[]): string[] => texts.toSorted();
const predict = async (): Promise<unknown> =>
  runScript({ ...client, python: await flavours }, "loadChampion.py", seeded.champion);

describe("the model of what must remain", () => {
  it("agrees with what was said of single runs, models, traces and experiments when they were made", () => {
    const gone = new Set(expected.removed.map(({ kind, id }) => `${kind} ${id}`));
    expect(seeded.stays.filter(([kind, id]) => gone.has(`${kind} ${id}`))).toEqual([]);
    expect(seeded.goes.filter(([kind, id]) => !gone.has(`${kind} ${id}`))).toEqual([]);
    expect([seeded.stays.length > 100, seeded.goes.length > 150]).toEqual([true, true]);
  });

  it("has every kind of thing that goes, every reason to stay, and an instance of the promised size", async () => {
    const database = await state.database();
    const counts = [
      database.rows("runs").length >= 300,
      database.rows("experiments").length >= 20,
      database.rows("registered_models").length,
    ];
    expect(counts).toEqual([true, true, 10]);
    expect(new Set(expected.removed.map(({ kind }) => kind))).toEqual(
      new Set(["run", "loggedModel", "trace", "experiment"]),
    );
    expect(new Set(expected.kept.map(({ reason }) => reason))).toEqual(
      new Set([
        "registered",
        "keep-tag",
        "recent",
        "not-in-bucket",
        "unknown-deletion-time",
        "holds-kept",
      ]),
    );
    const shrinking = [...expected.rows]
      .filter(([table, rows]) => rows.length > 0 && rows.length < database.rows(table).length)
      .map(([table]) => table);
    // Of each of these some rows go and some stay.
    expect(shrinking).toEqual(
      expect.arrayContaining([
        "assessments",
        "datasets",
        "entity_associations",
        "experiment_tags",
        "experiments",
        "input_tags",
        "inputs",
        "issues",
      ]),
    );
    expect(shrinking).toEqual(
      expect.arrayContaining([
        "latest_metrics",
        "logged_model_metrics",
        "logged_model_params",
        "logged_model_tags",
        "logged_models",
      ]),
    );
    expect(shrinking).toEqual(
      expect.arrayContaining([
        "metrics",
        "params",
        "runs",
        "scorers",
        "spans",
        "tags",
        "trace_info",
        "trace_tags",
      ]),
    );
  });
});

describe("a run of the job", () => {
  let dry: Finished;

  it("as a dry run lists what goes and what stays and why, and changes nothing", async () => {
    const before = await state.database();
    const keys = keysOf(await state.objects());
    dry = await jobs.run({ args: ["--dry-run"] });
    expect(dry.exitCode, dry.output).toBe(0);
    expect(sorted(removals(dry))).toEqual(
      sorted(
        expected.removed.map(({ kind, id, keys: own, bytes }) =>
          lineOf(
            { event: "remove", kind, id, objects: own.length, bytes },
            "kind",
            "id",
            "objects",
            "bytes",
          ),
        ),
      ),
    );
    expect(sorted(keeps(dry))).toEqual(
      sorted(
        expected.kept.map((kept) => lineOf({ event: "keep", ...kept }, "kind", "id", "reason")),
      ),
    );
    expect(differences((await state.database()).texts(), before.texts())).toEqual([]);
    expect(keysOf(await state.objects())).toEqual(keys);
  });

  it("leaves exactly the rows and the keys of the model, and reports what the dry run had listed", async () => {
    const real = await jobs.run();
    expect(real.exitCode, real.output).toBe(0);
    expect(await differencesFromModel()).toEqual([]);
    expect(real.summary).toMatchObject({
      event: "summary",
      dryRun: false,
      removed: dry.summary["removed"],
      kept: dry.summary["kept"],
      failed: 0,
    });
    expect(await openPlans()).toEqual([]);
  });

  it("after it the champion whose experiment was deleted still loads and predicts", async () => {
    expect(await predict()).toEqual([2, 4, 42]);
  });

  it("removes nothing when it runs again", async () => {
    const again = await jobs.run();
    expect(again.exitCode, again.output).toBe(0);
    expect(again.summary["removed"]).toEqual({
      runs: 0,
      loggedModels: 0,
      traces: 0,
      experiments: 0,
      objects: 0,
      bytes: 0,
    });
    expect(await differencesFromModel()).toEqual([]);
  });
});

/**
 * A run that still has its row has all of its files, too, unless somebody else's hands were at
 * work: nobody sees half of it.
 */
async function halfRemoved(): Promise<string[]> {
  const rows = new Set((await state.database()).rows("runs").map((row) => String(row["run_uuid"])));
  const keys = new Set(keysOf(await state.objects()));
  return expected.removed.flatMap(({ kind, id, keys: own }) =>
    kind === "run" && rows.has(id) && own.some((key) => !keys.has(key)) ? [id] : [],
  );
}

async function secondRunEndsAsTheModelSays(): Promise<void> {
  const second = await jobs.run();
  expect(second.exitCode, second.output).toBe(0);
  expect(await differencesFromModel()).toEqual([]);
  expect(await openPlans()).toEqual([]);
}

describe("a job that is killed", () => {
  it(`ends in the same state with the next run, at each of ${kills} random points`, async () => {
    const seed = Number(
      process.env["MLFLOW_INSTANCES_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31),
    );
    const random = randomNumbers(seed);
    const { life, removal } = await interruptions.measure();
    const told: string[] = [];
    let inTheMiddle = 0;
    for (let round = 0; round < kills; round += 1) {
      // A quarter of the points lies in the whole life, the others after the plan is written; each
      // in a part of its own.
      const part = (round + random()) / kills;
      const since = round % 4 === 0 ? "start" : "plan";
      let point = part * (since === "start" ? life : removal);
      for (;;) {
        const { job } = await interruptions.kill(since, point);
        const open = (await openPlans()).length > 0;
        expect(await halfRemoved()).toEqual([]);
        // The cluster notices the end of the first pod while it starts the second.
        const [{ exitCode }] = await Promise.all([jobs.end(job), secondRunEndsAsTheModelSays()]);
        const killed = exitCode === 137;
        if (killed && open) inTheMiddle += 1;
        told.push(
          `${since} + ${point.toFixed(0)} ms${killed ? (open ? "" : ", before or after") : ", had ended"}`,
        );
        // Some runs are quicker than the measured one: an end is no kill, so the round is done
        // again with an earlier point.
        if (killed) break;
        point *= 0.6;
      }
    }
    console.log(
      `seed ${seed} (MLFLOW_INSTANCES_TEST_SEED repeats it); undisturbed the job lives ${life.toFixed(0)} ms and removes for ${removal.toFixed(0)} ms of it; ` +
        `${kills} killed, ${inTheMiddle} of them in the middle: ${told.join("; ")}`,
    );
    expect(inTheMiddle).toBeGreaterThanOrEqual(kills / 2);
  });
});

describe("a service that goes away in the middle", () => {
  it.each(["object-store", "postgresql"])(
    "%s: the job ends non-zero, and the next run ends in the same state",
    async (service) => {
      // The job stands still until the service is gone: else it might end before.
      const { job, pid } = await interruptions.startAndStop();
      const found = (await platformStatus(engineContext().platform.profile)).find(
        (each) => each.name === service,
      )?.pid;
      if (found === undefined) throw new Error(`${service} does not run`);
      process.kill(found, "SIGKILL");
      process.kill(pid, "SIGCONT");
      const ended = await jobs.end(job);
      await startPlatform(engineContext().platform.profile, silentReport);
      await state.reconnect();
      expect(ended.exitCode, ended.output).toBeGreaterThan(0);
      expect(await openPlans()).not.toEqual([]);
      expect(await halfRemoved()).toEqual([]);
      await secondRunEndsAsTheModelSays();
    },
  );
});

describe("what a bucket without a lifecycle collects", () => {
  const day = 24 * 3600 * 1000;
  const ago = (days: number): Date => new Date(Date.now() - days * day);
  const put = (Key: string): Promise<unknown> =>
    state.s3.send(new PutObjectCommand({ Bucket: state.bucket, Key, Body: "x" }));
  const remove = (Key: string): Promise<unknown> =>
    state.s3.send(new DeleteObjectCommand({ Bucket: state.bucket, Key }));
  const upload = async (Key: string): Promise<string> =>
    (await state.s3.send(new CreateMultipartUploadCommand({ Bucket: state.bucket, Key })))
      .UploadId ?? "";

  it("goes within the same bounds: noncurrent versions, temporary objects, aborted uploads and old reports; nothing else", async () => {
    await state.restore();
    await jobs.run();
    const folder = "artifacts/0/versions of";
    const times: Record<string, [current: number, behind: number]> = {
      // Superseded by a newer object, by a marker; the last was uploaded long ago and deleted now,
      // and this gateway gives its marker the upload's time.
      ...{
        "overwritten long ago": [31, 60],
        "overwritten lately": [29, 60],
        "deleted long ago": [60, 31],
        "deleted lately": [60, 29],
      },
    };
    for (const key of Object.keys(times)) {
      await put(`${folder}/${key}`);
      await (key.startsWith("overwritten") ? put : remove)(`${folder}/${key}`);
    }
    const reports = [366, 364].map(
      (days) =>
        `maintenance/retention/${ago(days).toISOString().slice(0, 19).replaceAll(":", "-")}Z-abcdef/report.json`,
    );
    const temporary = ["tmp/old", "tmp/recent"];
    for (const key of [...reports, ...temporary]) await put(key);
    const uploads = [
      await upload("artifacts/0/old upload"),
      await upload("artifacts/0/recent upload"),
    ];
    for (const [key, [current, behind]] of Object.entries(times))
      await state.setTimes(`${folder}/${key}`, ago(current), ago(behind));
    await state.setTimes("tmp/old", ago(8), ago(8));
    await state.setTimes("tmp/recent", ago(6), ago(6));
    await state.setUploadTime("artifacts/0/old upload", uploads[0] ?? "", ago(8));
    await state.setUploadTime("artifacts/0/recent upload", uploads[1] ?? "", ago(6));
    const before = await state.objects();

    const { exitCode, output, summary } = await jobs.run();
    expect(exitCode, output).toBe(0);
    const after = await state.objects();
    const texts = (objects: readonly BucketObject[]): string[] =>
      objects.map(({ key, version, marker }) => `${key} ${marker ? "marker" : version}`);
    const gone = texts(before).filter((text) => !texts(after).includes(text));
    const versionOf = (key: string, latest: boolean): string =>
      `${folder}/${key} ${before.find((object) => object.key === `${folder}/${key}` && !object.marker && object.latest === latest)?.version}`;
    expect(gone.toSorted()).toEqual(
      [
        versionOf("overwritten long ago", false),
        versionOf("deleted long ago", false),
        `${folder}/deleted long ago marker`,
      ].toSorted(),
    );
    // What goes as an object leaves a version behind for its own time.
    const current = (objects: readonly BucketObject[]): string[] =>
      objects.flatMap(({ key, latest, marker }) => (latest && !marker ? [key] : []));
    expect(current(before).filter((key) => !current(after).includes(key))).toEqual(
      [reports[0], "tmp/old"].toSorted(),
    );
    const { Uploads = [] } = await state.s3.send(
      new ListMultipartUploadsCommand({ Bucket: state.bucket }),
    );
    expect(Uploads.map(({ Key }) => Key)).toEqual(["artifacts/0/recent upload"]);
    expect(summary["swept"]).toMatchObject({
      noncurrentVersions: { objects: 3 },
      temporary: { objects: 1 },
      uploads: { objects: 1 },
      reports: { objects: 1 },
    });
  });
});
