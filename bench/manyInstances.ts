import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployInstances, type ReadyPlatform } from "../local/commands/up.ts";
import { removeObjectStoreUsers } from "../local/platform/index.ts";
import { silentReport } from "../local/report.ts";
import { openPulumi } from "../local/stack/pulumi.ts";
import { manyNames, smallInstance } from "../test/engine/support/manyInstances.ts";
import { destroyUnguarded } from "../test/engine/support/unguarded.ts";
import { scratchProject } from "../test/support/scratchProject.ts";
import { instanceMemory } from "./instanceMemory.ts";
import { seconds, type Row } from "./table.ts";

const profile = "test";

/**
 * One `up` of twenty new instances on the embedded platform, until all of them answer over HTTPS.
 */
export async function manyInstances(ready: ReadyPlatform): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-bench-many-"));
  const project = await scratchProject(folder, "many");
  const { instancesFolder } = project;
  for (const name of manyNames)
    await writeFile(join(instancesFolder, `${name}.yaml`), smallInstance("An instance to measure"));
  const pulumi = await openPulumi(ready.pulumi.cli, project, join(folder, "state"));
  try {
    const started = performance.now();
    const { instances } = await deployInstances({ ...ready, pulumi }, profile, silentReport);
    const took = (performance.now() - started) / 1000;
    if (instances.length !== manyNames.length)
      throw new Error(`${instances.length} instances instead of ${manyNames.length}`);
    const memory = await instanceMemory({ ...ready, pulumi }, manyNames);
    return [
      {
        what: `up of ${manyNames.length} new instances, until all answer over HTTPS`,
        figures: [took],
        unit: seconds,
        bound: "none",
      },
      {
        what: "memory of their servers together (PSS)",
        figures: [memory.reduce((sum, each) => sum + each, 0)],
        unit: "MiB",
        bound: "none",
      },
    ];
  } finally {
    await destroyUnguarded(pulumi);
    for (const name of manyNames) await removeObjectStoreUsers(profile, name);
    await rm(folder, { recursive: true, force: true });
  }
}
