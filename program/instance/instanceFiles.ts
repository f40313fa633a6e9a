import { existsSync } from "node:fs";
import { join } from "node:path";

const ending = /\.ya?ml$/;

/** The name of the instance whose file has this name; undefined for another file. */
export const nameOfFile = (file: string): string | undefined =>
  ending.test(file) ? file.replace(ending, "") : undefined;

/** The path of an instance's file; where there is none, the path that a new one should have. */
export function fileOfInstance(folder: string, name: string): string {
  const path = join(folder, `${name}.yaml`);
  const other = join(folder, `${name}.yml`);
  return !existsSync(path) && existsSync(other) ? other : path;
}
