import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** The one message for a full disk, whether it was seen before the work or in the middle of it. */
export class DiskFullError extends Error {
  constructor(path: string, purpose: string, sizes: { needed: number; available: number }) {
    super(
      `Disk full: ${purpose} needs ${formatBytes(sizes.needed)} free at ${path}, available are ${formatBytes(sizes.available)}. ` +
        `Free some space, or set XDG_CACHE_HOME, GOCACHE and GOMODCACHE to folders of a larger disk, then run the same command again.`,
    );
    this.name = "DiskFullError";
  }
}

/**
 * `available` is what an unprivileged process may use: quotas and the reserve of root are left out.
 */
export async function availableBytes(path: string): Promise<number> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    } catch (error) {
      // A cache that doesn't exist yet will be made on its parent's disk.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || folder === dirname(folder))
        throw error;
    }
  }
}

export async function ensureDiskSpace(
  paths: readonly string[],
  needed: number,
  purpose: string,
): Promise<void> {
  for (const path of paths) {
    const available = await availableBytes(path);
    if (available < needed) throw new DiskFullError(path, purpose, { needed, available });
  }
}

/** Compilers, apt and pip say it in words, Node by a code. */
export function saysDiskFull(error: unknown): boolean {
  if (error instanceof DiskFullError) return true;
  if (typeof error === "string")
    return /no space left on device|ENOSPC|disk quota exceeded|not enough free space/i.test(error);
  if (typeof error !== "object" || error === null) return false;
  const { code, message, all, stderr } = error as {
    code?: unknown;
    message?: unknown;
    all?: unknown;
    stderr?: unknown;
  };
  return (
    code === "ENOSPC" ||
    code === "EDQUOT" ||
    [message, all, stderr].some((text) => typeof text === "string" && saysDiskFull(text))
  );
}

/**
 * Runs `work` on `path`'s disk; a full disk on the way becomes the same error as one seen before.
 */
export async function withDiskErrors<T>(
  path: string,
  needed: number,
  purpose: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DiskFullError || !saysDiskFull(error)) throw error;
    throw new DiskFullError(path, purpose, {
      needed,
      available: await availableBytes(path).catch(() => 0),
    });
  }
}

export function formatBytes(bytes: number): string {
  if (bytes >= 1024 ** 3) return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
