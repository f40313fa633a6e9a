import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ProfilePaths } from "../paths.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Programs that were read already: content hash by what changes when the file is written again. */
type Known = Record<string, { key: string; hash: string }>;

/**
 * Content hash of a program. By content, not by path: a platform that another clone or user started
 * goes on when its programs are the same. Half a gigabyte takes a second to read, so the hashes are
 * kept in the run folder.
 */
export async function programHashes(
  paths: ProfilePaths,
): Promise<(program: string) => Promise<string>> {
  const file = join(paths.run, "programs.json");
  const known = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Known;
  const running = new Map<string, Promise<string>>();
  const hashOf = async (program: string): Promise<string> => {
    const found = await stat(program);
    const key = `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
    const former = known[program];
    if (former?.key === key) return former.hash;
    const hash = createHash("sha256");
    await pipeline(createReadStream(program, { highWaterMark: 1 << 20 }), hash);
    const digest = hash.digest("hex");
    known[program] = { key, hash: digest };
    const draft = `${file}.${process.pid}.${digest.slice(0, 8)}`;
    await writeFile(draft, JSON.stringify(known));
    await rename(draft, file);
    return digest;
  };
  return async (program) => {
    // Kubernetes is one file with many names.
    const path = await realpath(program);
    const hash = running.get(path) ?? hashOf(path);
    running.set(path, hash);
    return hash;
  };
}
