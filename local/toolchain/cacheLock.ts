import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Runs `work` while no other process has the same lock; waits for its turn. The lock is the
 * kernel's (flock), held by a child that lives as long as our end of a pipe: it is free again the
 * moment this process ends, by `kill -9` too, and no stale file can block anyone.
 */
export async function withCacheLock<T>(
  path: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  // Elsewhere the embedded platform doesn't run, and what is left to lock is a download that any
  // two commands may make.
  if (process.platform !== "linux") return work();
  await mkdir(dirname(path), { recursive: true });
  const holder = spawn("flock", [path, "sh", "-c", "echo locked; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const waiting = setTimeout(onWait, 1000);
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
  try {
    return await work();
  } finally {
    const ended = once(holder, "exit");
    holder.stdin.end();
    await ended;
  }
}
