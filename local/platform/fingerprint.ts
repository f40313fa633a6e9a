import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ProfilePaths } from "../paths.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Programs that were read already: content hash by what changes when the file is written again. */
type Known = Record<string, { key: string; hash: string }>;

/**
 * Content hash of each program. By content, not by path: a platform that another clone or user started goes on when its programs are the same.
 * Half a gigabyte takes a second to read, so the hashes are kept.
 */
export async function fingerprints(paths: ProfilePaths, programs: readonly string[]): Promise<Record<string, string>> {
  const file = join(paths.run, "programs.json");
  const known = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Known;
  const result: Record<string, string> = {};
  let changed = false;
  for (const program of new Set(programs)) {
    const found = await stat(program);
    const key = `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
    const former = known[program];
    if (former?.key === key) {
      result[program] = former.hash;
      continue;
    }
    const hash = createHash("sha256");
    await pipeline(createReadStream(program, { highWaterMark: 1 << 20 }), hash);
    result[program] = hash.digest("hex");
    known[program] = { key, hash: result[program] };
    changed = true;
  }
  if (changed) {
    await writeFile(`${file}.${process.pid}`, JSON.stringify(known));
    await rename(`${file}.${process.pid}`, file);
  }
  return result;
}
