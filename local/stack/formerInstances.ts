import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pulumi } from "./pulumi.ts";

const file = (pulumi: Pulumi): string => join(pulumi.stateFolder, "instances.json");

/**
 * Names of the instances that the last deployment had and this one has not, each once: what is
 * theirs outside of the program can go.
 */
export async function formerInstances(pulumi: Pulumi, now: readonly string[]): Promise<string[]> {
  const text = await readFile(file(pulumi), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "[]";
    throw error;
  });
  return (JSON.parse(text) as string[]).filter((name) => !now.includes(name));
}

export const rememberInstances = (pulumi: Pulumi, now: readonly string[]): Promise<void> =>
  writeFile(file(pulumi), JSON.stringify(now));
