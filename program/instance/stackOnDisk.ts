import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import {
  asObject,
  instancesFolderOf,
  placeInStackFile,
  project,
} from "../environment/stackFile.ts";
import { parseEnvironment, type Environment, type RawConfig } from "../environment/environment.ts";
import { nameOfFile } from "./instanceFiles.ts";
import { nameIn } from "./preview.ts";
import { parseYamlFile } from "../values/yamlFile.ts";

const stackFilePattern = /^Pulumi\.(.+)\.ya?ml$/;

/** What the files of a stack say. */
export interface StackOnDisk {
  readonly environment: Environment;
  /**
   * Names of the instances, each with a file of its own. Whether their contents are right is the
   * program's question: an instance that runs is looked after all the same.
   */
  readonly instances: readonly string[];
  /** Where those files are, for messages. */
  readonly instancesFolder: string;
  /** The stack's own file. */
  readonly file: string;
}

// A file to copy from; no stack is named so.
const template = "example";

/** Names of all stacks that have a file. */
export const stackNames = (root: string): string[] =>
  list(join(root, "stacks"))
    .flatMap((file) => stackFilePattern.exec(file)?.slice(1, 2) ?? [])
    .filter((name) => name !== template);

/**
 * Reads a stack from its files, without Pulumi's engine and without its passphrase: the secrets
 * stay encrypted, only the fact that they are set is seen. `errors` says everything that is wrong,
 * each with its place.
 */
export function readStack(root: string, stack: string): { stack?: StackOnDisk; errors: string[] } {
  const folder = join(root, "stacks");
  const name = list(folder).find((file) => stackFilePattern.exec(file)?.[1] === stack);
  if (name === undefined) throw new Error(`there is no file of stack ${stack}`);
  const file = join(folder, name);
  const shown = relative(process.cwd(), file);
  const yaml = parseYamlFile(readFileSync(file, "utf8"));
  if (yaml.syntaxErrors.length > 0)
    return { errors: yaml.syntaxErrors.map((error) => `${shown}:${error}`) };

  const config = configOf(stack, yaml.data);
  const { environment, problems } = parseEnvironment(config);
  if (environment === undefined) return { errors: placeInStackFile(config, shown, problems) };
  const instancesFolder = instancesFolderOf(root, config);
  const files = list(instancesFolder).flatMap((entry) => nameOfFile(entry) ?? []);
  const instances = files
    .filter((entry) => environment.preview?.instances.includes(entry) ?? true)
    .map((entry) => nameIn(environment, entry));
  return {
    stack: {
      environment,
      instances,
      instancesFolder: relative(process.cwd(), instancesFolder),
      file,
    },
    errors: [],
  };
}

/**
 * The config as Pulumi's runtime would give it: each value as text, an encrypted one only as a
 * fact.
 */
export function configOf(stack: string, data: unknown): RawConfig {
  const keys = new Map<string, { secret: boolean; plain?: string }>();
  for (const [fullKey, value] of Object.entries(asObject(asObject(data)["config"]))) {
    if (!fullKey.startsWith(`${project}:`)) continue;
    const secret = typeof asObject(value)["secure"] === "string";
    const plain = typeof value === "string" ? value : JSON.stringify(value);
    keys.set(fullKey.slice(project.length + 1), secret ? { secret } : { secret, plain });
  }
  return { stack, keys };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
