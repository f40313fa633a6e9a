import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logFirstRun } from "../local/client/firstRun.ts";
import { deployInstances, preparePlatform, type ReadyPlatform } from "../local/commands/up.ts";
import { withLock } from "../local/lock.ts";
import { profilePaths } from "../local/paths.ts";
import { removeObjectStoreUsers, stopPlatform } from "../local/platform/index.ts";
import { createReport, silentReport } from "../local/report.ts";
import { up } from "../local/stack/deploy.ts";
import { destroyUnguarded } from "../test/engine/support/unguarded.ts";
import { scratchProject } from "../test/support/scratchProject.ts";
import { instanceFile } from "./instanceFile.ts";
import { instanceMemory } from "./instanceMemory.ts";
import { requestTimes } from "./requests/requests.ts";
import { retention } from "./retention.ts";
import { manyInstances } from "./manyInstances.ts";
import { policyPackCost } from "./policyPacks.ts";
import { scale } from "./scale/scale.ts";
import { printTable, seconds, type Row } from "./table.ts";
import { tokenCheck } from "./tokenCheck.ts";

// Measures what the README claims, on the embedded platform of profile `test`. Nothing here passes
// or fails: the bounds are printed beside the figures. `npm run bench -- requests` (or `scale`)
// measures the group of that name only.

const profile = "test";
const stack = "bench";
const instances = ["card-checks", "route-planner", "shelf-counter"];
const report = createReport();

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

/** Seconds from `pulumi up` with one more instance file to the end of that instance's first run. */
async function newInstance(
  ready: ReadyPlatform,
  instancesFolder: string,
  name: string,
): Promise<number> {
  await writeFile(join(instancesFolder, `${name}.yaml`), instanceFile("bench"));
  return timed(async () => {
    const { instances, platform, python } = await deployInstances(ready, profile, silentReport);
    const own = instances.find((each) => each.name === name);
    const token = own?.tokens[0];
    if (own === undefined || token === undefined) throw new Error(`no outputs of ${name}`);
    await logFirstRun(
      python,
      { trackingUri: own.trackingUri, token: token.value, caPath: platform.caPath },
      { mebibytes: 1 },
    );
  });
}

/** The row groups that deploy stacks of their own, and so can be measured alone. */
const groups: Record<string, (ready: ReadyPlatform) => Promise<Row[]>> = {
  requests: requestTimes,
  scale: (ready) => scale(ready),
};

async function only(measure: (ready: ReadyPlatform) => Promise<Row[]>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-bench-"));
  try {
    const project = await scratchProject(folder, stack);
    const ready = await preparePlatform(profile, project, folder, report);
    printTable(await measure(ready));
  } finally {
    await stopPlatform(profile, silentReport);
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const rows: Row[] = [];
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-bench-"));
  const project = await scratchProject(folder, stack);
  const { instancesFolder } = project;
  let ready = await preparePlatform(profile, project, folder, report);
  try {
    const starts: number[] = [];
    for (const name of instances) starts.push(await newInstance(ready, instancesFolder, name));
    rows.push({
      what: "new instance, from pulumi up to its first run over HTTPS",
      figures: starts,
      unit: seconds,
      bound: "35 s",
    });

    const unchanged: number[] = [];
    for (let run = 0; run < 5; run += 1) unchanged.push(await timed(() => up(ready.pulumi)));
    rows.push({
      what: "unchanged pulumi up with the policy pack, platform running",
      figures: unchanged,
      unit: seconds,
      bound: "10 s",
    });

    rows.push({
      what: "idle memory of one instance (PSS of the pod, 1 worker)",
      figures: await instanceMemory(ready, ["card-checks", "route-planner"]),
      unit: "MiB",
      bound: "450 MiB",
    });

    const deployed = await deployInstances(ready, profile, silentReport);
    const [first] = deployed.instances;
    if (first === undefined) throw new Error("no instance is deployed");
    rows.push(...(await retention(deployed, first)));

    const warm: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      await stopPlatform(profile, silentReport);
      warm.push(
        await timed(async () => {
          ready = await preparePlatform(profile, project, folder, silentReport);
          await deployInstances(ready, profile, silentReport);
        }),
      );
    }
    rows.push({
      what: "warm start of the platform and an unchanged up",
      figures: warm,
      unit: seconds,
      bound: "60 s",
    });
    rows.push(...(await tokenCheck()));
    rows.push(...(await policyPackCost(ready)));
    rows.push(...(await scale(ready)));
    rows.push(...(await manyInstances(ready)));
    rows.push(...(await requestTimes(ready)));
    printTable(rows);
  } finally {
    await destroyUnguarded(ready.pulumi);
    for (const name of instances) await removeObjectStoreUsers(profile, name);
    await stopPlatform(profile, silentReport);
    await rm(folder, { recursive: true, force: true });
  }
}

const [group] = process.argv.slice(2);
const measure = group === undefined ? undefined : groups[group];
if (group !== undefined && measure === undefined)
  throw new Error(
    `${group}: no row group has this name; use ${Object.keys(groups).join(", ")}, or nothing for all`,
  );
await withLock(profilePaths(profile).lock, `bench of ${process.cwd()}`, () =>
  measure === undefined ? main() : only(measure),
);
