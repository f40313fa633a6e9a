import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withPendingCreates, type ExportedState } from "../../cli/changes/pendingCreates.ts";
import type { Pulumi } from "./pulumi.ts";

/**
 * Takes up after a run that was killed: waits for a Pulumi CLI that still works, frees the lock of
 * one that is gone, and takes objects that exist but did not get into the state before the end back
 * into it (without that the next `up` fails on "already exists").
 */
export async function recover(pulumi: Pulumi, log: (line: string) => void): Promise<void> {
  const { stack } = pulumi.project;
  const stale = await waitForLocks(pulumi, log);
  if (stale) await pulumi.run(["cancel", "--yes", "--stack", stack]);
  const state = JSON.parse(
    await pulumi.run(["stack", "export", "--stack", stack]),
  ) as ExportedState;
  const pending = state.deployment?.pending_operations ?? [];
  if (pending.length === 0) return;
  log(
    `An earlier run was cut off in ${pending.length} operation(s); what exists of them is taken into the state.`,
  );
  await pulumi.run(["stack", "import", "--stack", stack], {
    input: JSON.stringify(withPendingCreates(state)),
  });
  await pulumi.run(["refresh", "--yes", "--skip-preview", "--stack", stack], { onLine: log });
}

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

/**
 * True when a lock is left whose process is gone. The state folder is this machine's own, so its
 * process ids mean something here.
 */
async function waitForLocks(pulumi: Pulumi, log: (line: string) => void): Promise<boolean> {
  const folder = join(pulumi.stateFolder, "backend", ".pulumi", "locks");
  const holders = async (): Promise<number[]> => {
    const files = await readdir(folder, { recursive: true }).catch(() => []);
    const locks = files.filter(
      (file) => file.endsWith(".json") && file.includes(`/${pulumi.project.stack}/`),
    );
    const texts = await Promise.all(
      locks.map((file) => readFile(join(folder, file), "utf8").catch(() => undefined)),
    );
    return texts.flatMap((text) => (text === undefined ? [] : [pidOf(text)]));
  };
  for (let waited = 0; ; waited += 1) {
    const pids = await holders();
    const living = pids.filter(alive);
    if (living.length === 0) return pids.length > 0;
    if (waited % 10 === 0)
      log(`Waiting for pulumi (process ${living.join(", ")}) of an earlier run to end`);
    await sleep(1000);
  }
}

/** A lock file that was cut off while it was written has no process: no one holds it. */
function pidOf(lock: string): number {
  try {
    return (JSON.parse(lock) as { pid: number }).pid;
  } catch {
    return 0;
  }
}
