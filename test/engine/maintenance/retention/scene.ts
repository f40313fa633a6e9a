import { afterAll, beforeAll } from "vitest";
import { differences } from "../../support/difference.ts";
import type { BucketObject, InstanceState } from "../../support/instanceState.ts";
import { Interruptions } from "../../support/interruptions.ts";
import { maintainedInstance } from "../../support/maintainedInstances.ts";
import type { MaintenanceJobs } from "../../support/maintenanceJob.ts";
import { pythonWithFlavours, runScript, type Client } from "../../support/python.ts";
import { whatRemains, type Outcome } from "../../support/retentionModel.ts";
import { seedRetention, type Seeded } from "../../support/retentionSeed.ts";

// The instance of ../retention.ts, and how its rows and keys differ from the model.

const name = "claims-triage";
const retentionMs = 30 * 24 * 3600 * 1000;
let client: Client;
export let state: InstanceState;
export let jobs: MaintenanceJobs;
export let interruptions: Interruptions;
export let seeded: Seeded;
export let expected: Outcome;
let flavours: Promise<string>;

export function setScene(): void {
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
}

const isOurs = ({ key }: BucketObject): boolean => key.startsWith("maintenance/");
export const keysOf = (objects: readonly BucketObject[]): string[] =>
  objects.flatMap((object) =>
    object.latest && !object.marker && !isOurs(object) ? [object.key] : [],
  );

/** What differs from the model, in rows and keys. */
export async function differencesFromModel(): Promise<readonly string[]> {
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
export async function openPlans(): Promise<string[]> {
  const keys = (await state.objects("maintenance/retention/")).flatMap(({ key, latest, marker }) =>
    latest && !marker ? [key] : [],
  );
  const folders = new Set(keys.map((key) => key.slice(0, key.lastIndexOf("/"))));
  return [...folders].filter((folder) => !keys.includes(`${folder}/report.json`));
}

export const predict = async (): Promise<unknown> =>
  runScript({ ...client, python: await flavours }, "loadChampion.py", seeded.champion);
