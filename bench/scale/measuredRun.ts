import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Pulumi } from "../../local/stack/pulumi.ts";

export interface Measured {
  readonly seconds: number;
  /** The most that engine, program and plugins had resident at one time; MiB. */
  readonly peakMebibytes: number;
  readonly resources: number;
}

/**
 * One run of the CLI in a project's folder. Its summary says how many resources it had to do with.
 */
export async function measuredRun(pulumi: Pulumi, args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const child = execa(pulumi.cli.cliPath, [...args, "--non-interactive", "--color", "never"], {
    cwd: pulumi.project.folder,
    env: { ...pulumi.env, ...asCommand(args) },
    stdin: "ignore",
    all: true,
    reject: false,
  });
  let peak = 0;
  let running = true;
  const watch = (async () => {
    for (; running; await sleep(2_000)) peak = Math.max(peak, residentBytes(child.pid ?? 0));
  })();
  const result = await child;
  const seconds = (performance.now() - started) / 1000;
  running = false;
  await watch;
  if (result.failed) throw new Error(`pulumi ${args.join(" ")} failed:\n${result.all}`);
  const counts = /Resources:\n([\s\S]*)/.exec(result.all)?.[1] ?? "";
  const resources = [...counts.matchAll(/(\d+) (?:to create|unchanged)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  return { seconds, peakMebibytes: peak / 1024 ** 2, resources };
}

/** A preview saves no state on the way: what `npx mlflow-instances preview` sets, too. */
const asCommand = ([verb]: readonly string[]): Record<string, string> =>
  verb === "preview" ? { PULUMI_SKIP_CHECKPOINTS: "true" } : {};

/** PSS of a process and all below it: shared pages count once. */
function residentBytes(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = /^PPid:\s+(\d+)/m.exec(textOf(`/proc/${name}/status`))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid === root || (pid !== undefined && isBelow(parents.get(pid)));
  return [...parents.keys()]
    .filter(isBelow)
    .reduce(
      (sum, pid) =>
        sum + 1024 * Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
      0,
    );
}

/** A process may end while it is looked at. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
