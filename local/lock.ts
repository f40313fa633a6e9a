import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, processStat, type ProcessIdentity } from "./platform/procfs.ts";

interface Holder extends ProcessIdentity {
  readonly purpose: string;
}

/**
 * Takes the lock of a file's subject, and gives what releases it. Waits for a command that has it:
 * it may be what is left of a killed `npm run`, whose process goes on without its terminal. A lock
 * whose process is gone is taken over.
 */
export async function takeLock(
  path: string,
  purpose: string,
  say: (line: string) => void = console.error,
): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const mine = JSON.stringify({
    pid: process.pid,
    startTime: (await processStat(process.pid))?.startTime,
    purpose,
  });
  let announced: number | undefined;
  for (;;) {
    try {
      await writeFile(path, mine, { flag: "wx", mode: 0o600 });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const text = await readFile(path, "utf8").catch(() => undefined);
    const holder = text === undefined || text === "" ? undefined : (JSON.parse(text) as Holder);
    if (holder !== undefined && (await isAlive(holder))) {
      if (announced !== holder.pid)
        say(
          `Waiting for another command (${holder.purpose}, process ${holder.pid}) that is at work on this platform`,
        );
      announced = holder.pid;
      await sleep(500);
      continue;
    }
    await rm(path, { force: true });
  }
}

/** Runs `work` while no other command works on the same file's subject. */
export async function withLock<T>(
  path: string,
  purpose: string,
  work: () => Promise<T>,
  say?: (line: string) => void,
): Promise<T> {
  const release = await takeLock(path, purpose, say);
  try {
    return await work();
  } finally {
    await release();
  }
}
