import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pulumi } from "./pulumi.ts";

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly inputs?: Record<string, unknown>;
}

interface State {
  readonly deployment?: {
    readonly resources?: readonly unknown[];
    readonly pending_operations?: readonly { readonly type: string; readonly resource: Resource }[];
  };
}

/**
 * Takes up after a run that was killed: waits for a Pulumi CLI that still works, frees the lock of one that is gone, and takes objects that exist
 * but did not get into the state before the end back into it (without that the next `up` fails on "already exists").
 */
export async function recover(pulumi: Pulumi, log: (line: string) => void): Promise<void> {
  const { stack } = pulumi.project;
  const stale = await waitForLocks(pulumi, log);
  if (stale) await pulumi.run(["cancel", "--yes", "--stack", stack]);
  const state = JSON.parse(await pulumi.run(["stack", "export", "--stack", stack])) as State;
  const pending = state.deployment?.pending_operations ?? [];
  if (pending.length === 0) return;
  log(`An earlier run was cut off in ${pending.length} operation(s); what exists of them is taken into the state.`);
  await pulumi.run(["stack", "import", "--stack", stack], { input: JSON.stringify(withPendingCreates(state)) });
  await pulumi.run(["refresh", "--yes", "--skip-preview", "--stack", stack], { onLine: log });
}

/**
 * The state with each cut-off creation as a resource that a refresh can read: it drops those that are not there. `pulumi refresh
 * --import-pending-creates` is meant for this, but forgets the operation without taking the resource (seen with 3.250).
 */
export function withPendingCreates<S extends State>(state: S): S {
  const { resources = [], pending_operations: pending = [] } = state.deployment ?? {};
  const created = pending.flatMap(({ type, resource }) => {
    const id = type === "creating" && resource.custom === true ? idOf(resource.type, resource.inputs ?? {}) : undefined;
    return id === undefined ? [] : [{ ...resource, id, outputs: resource.inputs ?? {} }];
  });
  return { ...state, deployment: { ...state.deployment, resources: [...resources, ...created], pending_operations: [] } };
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
  if (type.startsWith("aws:s3/bucket")) return text(inputs["bucket"]);
  if (type === "postgresql:index/role:Role" || type === "postgresql:index/database:Database") return text(inputs["name"]);
  return undefined;
}
