import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { Refusal } from "./refusal.ts";

/** Writes a file that is not there yet; one that appeared in the meantime is left as it is. */
export function writeNew(root: string, path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Refusal(`${relative(root, path)} is there already; nothing was written.`);
  }
}

/** Puts a new text in the place of a file, whole or not at all. */
export function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
