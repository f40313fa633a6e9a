import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReadyPlatform } from "../local/commands/up.ts";
import { policyPacks } from "../local/stack/deploy.ts";
import { openPulumi } from "../local/stack/pulumi.ts";
import { scratchProject } from "../test/support/scratchProject.ts";
import { configureImagined, fiftyNames as names } from "./imaginedInstances.ts";
import { instanceFile } from "./instanceFile.ts";
import { seconds, type Row } from "./table.ts";

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

/**
 * What the packs add to the first preview of 50 instances, some 2,200 resources; nothing is
 * deployed. In turns, so that the machine's moods hit all alike.
 */
export async function policyPackCost(ready: ReadyPlatform, rounds = 5): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-bench-policies-"));
  const project = await scratchProject(folder, "policies");
  const { instancesFolder } = project;
  try {
    for (const name of names)
      await writeFile(join(instancesFolder, `${name}.yaml`), instanceFile("bench"));
    const pulumi = await openPulumi(ready.pulumi.cli, project, join(folder, "state"));
    const key = (user: string) => ({ accessKeyId: user, secretAccessKey: `secret-of-${user}` });
    const keys = Object.fromEntries(
      names.map((name) => [name, { ...key(name), maintenance: key(`${name}-maintenance`) }]),
    );
    await configureImagined(pulumi, ready, keys);

    const preview = (packs: readonly string[]) =>
      timed(() =>
        pulumi.run(["preview", "--suppress-outputs", "--stack", project.stack, ...packs]),
      );
    const emptyPack = ["--policy-pack", join(import.meta.dirname, "emptyPack")];
    const figures: { none: number; empty: number; all: number }[] = [];
    for (let round = 0; round < rounds; round += 1)
      figures.push({
        none: await preview([]),
        empty: await preview(emptyPack),
        all: await preview(policyPacks(pulumi)),
      });

    const row = (
      what: string,
      unit: string,
      bound: string,
      figure: (each: (typeof figures)[number]) => number,
    ): Row => ({
      what,
      figures: figures.map(figure),
      unit,
      bound,
    });
    return [
      row(
        `preview of ${names.length} instances without packs`,
        seconds,
        "none, for comparison",
        ({ none }) => none,
      ),
      row("the same with all packs", seconds, "none, for comparison", ({ all }) => all),
      row("what the packs add", seconds, "1.5 s", ({ none, all }) => all - none),
      row(
        "what the packs add, of the preview without them",
        "%",
        "20 %",
        ({ none, all }) => (100 * (all - none)) / none,
      ),
      row(
        "of that, what the engine takes for a pack without a rule",
        seconds,
        "none, for comparison",
        ({ none, empty }) => empty - none,
      ),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
