import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** A waiting command prints the holder's purpose and process. */
const announce = (holder: string): void =>
  console.error(`Waiting for another command (${holder}) that is at work on this platform`);

/**
 * Takes the lock of a file's subject, and gives what releases it. Waits for its turn; a wait of
 * more than a second is told once, with the holder's purpose and process. The lock is the kernel's
 * (flock), held by a child that lives as long as our end of a pipe: it is free again the moment
 * this process ends, by `kill -9` too. The file stays: another one of its name would be another
 * lock.
 */
export async function takeLock(
  path: string,
  purpose: string,
  onWait: (holder: string) => void = announce,
): Promise<() => Promise<void>> {
  // Elsewhere the embedded platform doesn't run, and what is left to lock is a download that any
  // two commands may make.
  if (process.platform !== "linux") return () => Promise.resolve();
  await mkdir(dirname(path), { recursive: true });
  const holder = spawn("flock", [path, "sh", "-c", "echo locked; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const waiting = setTimeout(() => {
    void readFile(path, "utf8").then(onWait, () => onWait("unknown"));
  }, 1000);
  try {
    await Promise.race([
      once(holder.stdout, "data"),
      once(holder, "exit").then(([code]) =>
        Promise.reject(new Error(`flock ${path} ended with code ${String(code)}`)),
      ),
    ]);
  } finally {
    clearTimeout(waiting);
  }
  holder.removeAllListeners("exit");
  await writeFile(path, `${purpose}, process ${process.pid}`);
  return async () => {
    const ended = once(holder, "exit");
    holder.stdin.end();
    await ended;
  };
}

/** Runs `work` while no other command works on the same file's subject. */
export async function withLock<T>(
  path: string,
  purpose: string,
  work: () => Promise<T>,
  onWait?: (holder: string) => void,
): Promise<T> {
  const release = await takeLock(path, purpose, onWait);
  try {
    return await work();
  } finally {
    await release();
  }
}
