import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A process that can't be mistaken: a pid is given again after its process ends, a pid with its
 * start time is not.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process. */
  readonly startTime: string;
}

interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly startTime: string;
}

export function parseStat(text: string): ProcessStat {
  // The second field is the program's name in parentheses and may itself hold spaces and
  // parentheses.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .trim()
    .split(" ");
  return { state: fields[0] ?? "", parent: Number(fields[1]), startTime: fields[19] ?? "" };
}

export async function processStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return text === undefined ? undefined : parseStat(text);
}

export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  const stat = await processStat(pid);
  return (
    stat !== undefined && stat.startTime === startTime && stat.state !== "Z" && stat.state !== "X"
  );
}

/**
 * Wall clock of a process's start, in milliseconds; the kernel counts in hundredths of a second
 * from boot.
 */
export async function startedAt({ startTime }: ProcessIdentity): Promise<number> {
  const boot = Number(/^btime (\d+)$/m.exec(await readFile("/proc/stat", "utf8"))?.[1]);
  return boot * 1000 + Number(startTime) * 10;
}

/** Sends a signal to exactly this process. */
export async function signalProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
): Promise<void> {
  if (!(await isAlive(identity))) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits until the process is gone; false when it is still there after the time. */
export async function waitGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (await isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await sleep(30);
  }
  return true;
}

/** Asks the process to end, waits, and ends it by force when it does not. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<void> {
  await signalProcess(identity, signal);
  if (await waitGone(identity, timeoutMs)) return;
  await signalProcess(identity, "SIGKILL");
  await waitGone(identity, 10_000);
}

/** A process and all of its descendants, of a table of parents. */
export function withDescendants(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const found = [pid];
  for (const current of found)
    for (const [child, parent] of parents) if (parent === current) found.push(child);
  return found;
}

async function parentTable(): Promise<Map<number, number>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const table = new Map<number, number>();
  await Promise.all(
    pids.map(async (pid) => {
      const stat = await processStat(pid);
      if (stat !== undefined) table.set(pid, stat.parent);
    }),
  );
  return table;
}

/**
 * Memory of processes and their descendants in bytes, shared pages divided among those that share
 * them.
 */
export async function memoryOf(pids: readonly number[]): Promise<Map<number, number>> {
  const parents = await parentTable();
  const result = new Map<number, number>();
  for (const pid of pids) {
    const sizes = await Promise.all(
      withDescendants(pid, parents).map(async (one) => {
        const text = await readFile(`/proc/${one}/smaps_rollup`, "utf8").catch(() => "");
        return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
      }),
    );
    result.set(
      pid,
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }
  return result;
}
