import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pulumi } from "./pulumi.ts";

interface PendingOperation {
  readonly type: string;
  readonly resource: { readonly urn: string; readonly type: string; readonly inputs?: Record<string, unknown> };
}

/**
 * Takes up after a run that was killed: waits for a Pulumi CLI that still works, frees the lock of one that is gone, and takes objects that exist
 * but did not get into the state before the end back into it (without that the next `up` fails on "already exists").
 */
export async function recover(pulumi: Pulumi, log: (line: string) => void): Promise<void> {
  const stale = await waitForLocks(pulumi, log);
  if (stale) await pulumi.run(["cancel", "--yes", "--stack", pulumi.project.stack]);
  const pending = await pendingCreates(pulumi);
  if (pending.length === 0) return;
  log(`An earlier run was cut off while it created ${pending.length} resource(s); their state is read again.`);
  const imports = pending.flatMap((operation) => {
    const id = idOf(operation.resource.type, operation.resource.inputs ?? {});
    return id === undefined ? [] : [operation.resource.urn, id].flatMap((value) => ["--import-pending-creates", value]);
  });
  await pulumi.run(["refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", pulumi.project.stack, ...imports], {
    onLine: log,
  });
}

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** True when a lock is left whose process is gone. The state folder is this machine's own, so its process ids mean something here. */
async function waitForLocks(pulumi: Pulumi, log: (line: string) => void): Promise<boolean> {
  const folder = join(pulumi.stateFolder, "backend", ".pulumi", "locks");
  const holders = async (): Promise<number[]> => {
    const files = await readdir(folder, { recursive: true }).catch(() => []);
    const locks = files.filter((file) => file.endsWith(".json") && file.includes(`/${pulumi.project.stack}/`));
    const texts = await Promise.all(locks.map((file) => readFile(join(folder, file), "utf8").catch(() => undefined)));
    return texts.flatMap((text) => (text === undefined ? [] : [pidOf(text)]));
  };
  for (let waited = 0; ; waited += 1) {
    const pids = await holders();
    const living = pids.filter(alive);
    if (living.length === 0) return pids.length > 0;
    if (waited % 10 === 0) log(`Waiting for pulumi (process ${living.join(", ")}) of an earlier run to end`);
    await sleep(1000);
  }
}

/** A lock file that was cut off while it was written has no process: nobody holds it. */
function pidOf(lock: string): number {
  try {
    return (JSON.parse(lock) as { pid: number }).pid;
  } catch {
    return 0;
  }
}

async function pendingCreates(pulumi: Pulumi): Promise<PendingOperation[]> {
  const state = JSON.parse(await pulumi.run(["stack", "export", "--stack", pulumi.project.stack])) as {
    deployment?: { pending_operations?: PendingOperation[] };
  };
  return (state.deployment?.pending_operations ?? []).filter(({ type }) => type === "creating");
}

/** The provider's id of a resource that was being made, where it follows from the inputs; others (a random value, say) are simply made again. */
export function idOf(type: string, inputs: Record<string, unknown>): string | undefined {
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  if (type.startsWith("kubernetes:")) {
    const { name, namespace } = (inputs["metadata"] ?? {}) as { name?: unknown; namespace?: unknown };
    const own = text(name);
    if (own === undefined) return undefined;
    const space = text(namespace);
    return space === undefined ? own : `${space}/${own}`;
  }
  if (type === "aws:s3/bucket:Bucket" || type.startsWith("aws:s3/bucket")) return text(inputs["bucket"]);
  if (type === "postgresql:index/role:Role" || type === "postgresql:index/database:Database") return text(inputs["name"]);
  return undefined;
}
