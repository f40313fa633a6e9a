import { access, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { withLock } from "../lock.ts";

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export interface FolderOptions {
  /** Folders that must not be made at the same time share a lock. */
  lock?: string;
  /** Called when another process makes the same thing. */
  onWait?: () => void;
}

/**
 * A cached folder is there whole or not at all: it is made under another name and gets its own by
 * one rename, so that an end at any moment (kill -9, power) leaves nothing that looks finished.
 * What an earlier end left behind is swept away.
 */
export async function folderOnce(
  target: string,
  make: (temporary: string) => Promise<void>,
  options: FolderOptions = {},
): Promise<string> {
  if (await exists(target)) return target;
  await withLock(
    options.lock ?? `${target}.lock`,
    basename(target),
    async () => {
      if (await exists(target)) return;
      const parent = dirname(target);
      const prefix = `${basename(target)}.partial-`;
      for (const name of await readdir(parent)) {
        // A compiler that was ended a moment ago may still write there.
        if (name.startsWith(prefix))
          await rm(join(parent, name), {
            recursive: true,
            force: true,
            maxRetries: 10,
            retryDelay: 200,
          });
      }
      const temporary = join(parent, `${prefix}${process.pid}`);
      await mkdir(temporary, { recursive: true });
      try {
        await make(temporary);
        await rename(temporary, target);
        await flush(parent);
      } catch (error) {
        await rm(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
        throw error;
      }
    },
    options.onWait ?? (() => undefined),
  );
  return target;
}

/** Forces a file (or the names in a folder) to the disk. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
