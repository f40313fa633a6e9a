import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * Deletes older versions of something cached, so that the cache doesn't grow with each change: the
 * newest `keep` folders whose name is `family-…` stay (another clone on another branch may be using
 * one). Returns the names of those that went.
 */
export async function dropFormers(parent: string, family: string, keep: number): Promise<string[]> {
  const names = (await readdir(parent)).filter(
    (name) =>
      name.startsWith(`${family}-`) && !name.endsWith(".lock") && !name.includes(".partial-"),
  );
  const made = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(parent, name))).mtimeMs })),
  );
  const old = made.sort((a, b) => b.time - a.time).slice(keep);
  await Promise.all(
    old.flatMap(({ name }) => [
      rm(join(parent, name), { recursive: true, force: true }),
      rm(join(parent, `${name}.lock`), { force: true }),
    ]),
  );
  return old.map(({ name }) => name);
}
