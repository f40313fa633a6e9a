// Programs and plugins that this host started, so that none outlives it.
import { spawn } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";

const children = new Set<ChildProcess>();

export function start(args: string[], options: SpawnOptions): ChildProcess {
  // The host's own Node: PATH may have an older one that can't strip types.
  const child = spawn(process.execPath, args, options);
  children.add(child);
  child.once("close", () => children.delete(child));
  child.once("error", () => children.delete(child));
  return child;
}

/** Asks a process to end, and makes it end after a while. */
export async function end(child: ChildProcess, patienceMs = 3000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGINT");
  const force = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  await gone;
  clearTimeout(force);
}

export async function endChildren(): Promise<void> {
  await Promise.all([...children].map((child) => end(child)));
}
