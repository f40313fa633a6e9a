import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { RawConfig } from "./environment.ts";
import { showPath, type Problem } from "../values/problems.ts";
import { parseYamlFile } from "../values/yamlFile.ts";

// Where an environment's values stand: the stack's file. No SDK is loaded for it, so that commands
// start fast.

/** Prefix of this project's config keys. */
export const project = "mlflow-instances";

/** Where the stack's instance files are. */
export const instancesFolderOf = (root: string, { stack, keys }: RawConfig): string =>
  resolve(root, keys.get("instancesFolder")?.plain ?? join("stacks", "instances", stack));

/**
 * Gives `file:line:column` of a config path in the stack's file; undefined where the config did not
 * come from that file.
 */
export function placesInStackFile(
  config: RawConfig,
  file: string,
): (path: Problem["path"]) => string | undefined {
  const inFile = existsSync(file) ? parseYamlFile(readFileSync(file, "utf8")) : undefined;
  const values = asObject(asObject(inFile?.data)["config"]);
  const text = config.keys.get("environment")?.plain;
  const same =
    inFile !== undefined &&
    isDeepStrictEqual(
      values[`${project}:environment`],
      text === undefined ? undefined : parseObject(text),
    );
  return ([key, ...rest]) =>
    same ? `${file}:${inFile.at(["config", `${project}:${key}`, ...rest])}` : undefined;
}

/** Shows problems of the config with their place in the stack's file. */
export function placeInStackFile(
  config: RawConfig,
  file: string,
  problems: readonly Problem[],
): string[] {
  const placeOf = placesInStackFile(config, file);
  return problems.map(({ path, message }) => {
    const [key, ...rest] = path;
    const shown = `${showPath([`${project}:${key}`, ...rest])}: ${message}`;
    const place = placeOf(path);
    return place === undefined ? `config of stack ${config.stack}: ${shown}` : `${place} ${shown}`;
  });
}

export const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

export function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
