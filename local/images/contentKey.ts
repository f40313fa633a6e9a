import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

const ignored = /(^|\/)(__pycache__|\.[^/]+|tests|[^/]+\.egg-info|[^/]+\.pyc)(\/|$)/;

/**
 * The files below `paths` (files or folders in `root`), sorted, without what an editor or an
 * interpreter leaves there.
 */
export async function sourceFiles(root: string, paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOTDIR") return undefined;
        throw error;
      },
    );
    if (entries === undefined) files.push(path);
    else
      files.push(
        ...entries
          .filter((entry) => entry.isFile())
          .map((entry) => relative(root, join(entry.parentPath, entry.name))),
      );
  }
  return files.filter((file) => !ignored.test(file)).sort();
}

/**
 * Twelve hexadecimal digits that change exactly when a file's name or content, or one of the
 * further inputs, does.
 */
export async function contentKey(
  root: string,
  paths: readonly string[],
  further: readonly string[] = [],
): Promise<string> {
  const hash = createHash("sha256");
  for (const file of await sourceFiles(root, paths)) {
    hash
      .update(`${file}\0`)
      .update(
        createHash("sha256")
          .update(await readFile(join(root, file)))
          .digest("hex"),
      )
      .update("\0");
  }
  for (const input of further) hash.update(`${input}\0`);
  return hash.digest("hex").slice(0, 12);
}
