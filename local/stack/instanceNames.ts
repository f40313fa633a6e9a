import { readdir } from "node:fs/promises";
import { basename, extname } from "node:path";
import type { Project } from "./project.ts";

/**
 * Names of the instance files, which are the names of the instances; whether they are valid is the
 * program's to say.
 */
export async function instanceNames(project: Project): Promise<string[]> {
  const files = await readdir(project.instancesFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const names = files
    .filter((file) => [".yaml", ".yml"].includes(extname(file)))
    .map((file) => basename(file, extname(file)));
  return [...new Set(names)].sort();
}
