import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { resolveInstance, type ResolvedInstance } from "@mlflow-instances/components/internal";
import { connectionProblems } from "../program/instance/connections.ts";
import { instancesFolderOf, placeInStackFile } from "../program/environment/stackFile.ts";
import {
  parseEnvironment,
  type Environment,
  type RawConfig,
} from "../program/environment/environment.ts";
import { secretKeys, type SecretKey } from "../program/values/secretKeys.ts";
import type { InstanceFile } from "../program/instance/file.ts";
import { duplicateProblems, type NamedFile } from "../program/instance/duplicates.ts";
import { fileOfInstance } from "../program/instance/instanceFiles.ts";
import { readInstances } from "../program/instance/load.ts";
import { policiesFile, readPolicies, type Policies } from "../program/instance/policyBounds.ts";
import { judge, problemsInName } from "../program/instance/problems.ts";
import { tierOf, toArgs } from "../program/instance/toArgs.ts";
import { nothingGiven } from "../program/platforms/given.ts";
import { pullRequestOf } from "../program/values/pullRequest.ts";
import { showPath, type Problem } from "../program/values/problems.ts";
import { configOf, stackNames } from "../program/instance/stackOnDisk.ts";
import { parseYamlFile } from "../program/values/yamlFile.ts";
import { Refusal, refusalOf } from "./refusal.ts";

const isSecretKey = (key: string | number | undefined): key is SecretKey =>
  key !== undefined && key in secretKeys;

/**
 * Checks an environment as the program does, except that its secrets may be unset: they are set by
 * command once the file is there. `secrets` are those that it needs and that are not set.
 */
export function checkEnvironment(
  config: RawConfig,
  today?: string,
): { environment?: Environment; problems: Problem[]; secrets: SecretKey[] } {
  const unset = parseEnvironment(config, today)
    .problems.map(({ path }) => path[0])
    .filter((key) => isSecretKey(key) && !config.keys.has(key)) as SecretKey[];
  const keys = new Map(config.keys);
  for (const key of unset) keys.set(key, { secret: true });
  return { ...parseEnvironment({ ...config, keys }, today), secrets: unset };
}

export const environmentConfig = (stack: string, values: unknown): RawConfig => ({
  stack,
  keys: new Map([["environment", { secret: false, plain: JSON.stringify(values) }]]),
});

/** An environment whose instance files a command reads or writes. */
export interface Target {
  readonly environment: Environment;
  readonly folder: string;
  readonly stackFile: string;
  /** Path of the file of one of its instances, for messages and for writing. */
  file(instance: string): string;
}

/**
 * Environments that instance files are written for: not those of pull requests, which have none of
 * their own.
 */
export const environmentNames = (root: string): string[] =>
  stackNames(root).filter((name) => pullRequestOf(name) === undefined);

/**
 * Reads an environment from its stack file; refuses one that is wrong, since nothing could be
 * checked against it.
 */
export function readTarget(root: string, stack: string): Target {
  const known = environmentNames(root);
  if (!known.includes(stack)) {
    const there = known.join(", ") || "none";
    throw new Refusal(
      `There is no environment "${stack}"; those with a file in stacks/ are: ${there}. \`npx mlflow-instances new-environment ${stack}\` makes one.`,
    );
  }
  const name = ["yaml", "yml"]
    .map((ending) => `Pulumi.${stack}.${ending}`)
    .find((each) => existsSync(join(root, "stacks", each)))!;
  const file = join(root, "stacks", name);
  const shown = relative(root, file);
  const yaml = parseYamlFile(readFileSync(file, "utf8"));
  if (yaml.syntaxErrors.length > 0)
    throw refusalOf(
      `The stack file of ${stack} is wrong; nothing was written:`,
      yaml.syntaxErrors.map((error) => `${shown}:${error}`),
    );
  const config = configOf(stack, yaml.data);
  const { environment, problems } = checkEnvironment(config);
  if (environment === undefined)
    throw refusalOf(
      `The stack file of ${stack} is wrong; nothing was written:`,
      placeInStackFile(config, relative(process.cwd(), file), problems),
    );
  const folder = instancesFolderOf(root, config);
  return {
    environment,
    folder,
    stackFile: file,
    file: (instance) => fileOfInstance(folder, instance),
  };
}

/** The policy packs' configuration; a command writes nothing where it is wrong. */
export function policiesOf(root: string): Policies {
  const { policies, errors } = readPolicies(root);
  if (errors.length > 0)
    throw refusalOf(`${policiesFile} is wrong; nothing was written:`, [...errors]);
  return policies;
}

export const resolveIn = (
  { environment }: Target,
  name: string,
  file: InstanceFile,
): ResolvedInstance => resolveInstance(toArgs(environment, name, file, nothingGiven));

/**
 * Everything that the program would say of this file in this environment, its neighbours' share of
 * the database server included.
 */
export function problemsAsInstance(
  root: string,
  { environment, folder }: Target,
  name: string,
  file: InstanceFile,
  today: string,
): Problem[] {
  const { resolved, problems, ofPlatform } = judge(environment, name, file, {
    policies: policiesOf(root),
    today,
  });
  const others = existsSync(folder)
    ? readInstances(environment, folder, { stack: environment.name, today, root }).instances
    : [];
  const own = { file, resolved };
  const all = [...others.filter((each) => each.name !== name), own];
  const crowded = connectionProblems(
    environment,
    all.map((each) => each.resolved),
  ).map(({ path, message }) => ({
    path: [],
    message: `with it the instances of ${environment.name} need more than its database server has: ${showPath(path)} ${message}`,
  }));
  return [
    ...problemsInName(name, tierOf(environment, file)),
    ...problems,
    ...ofPlatform.map(({ path, message }) => ({
      path: [],
      message: `${showPath(path)} of ${environment.name} ${message}`,
    })),
    ...duplicatesOf(own, all),
    ...crowded,
  ];
}

/** The values that this file shares with another one. Only this file is written, wrong or not. */
function duplicatesOf(own: NamedFile, all: readonly NamedFile[]): Problem[] {
  const duplicates = duplicateProblems(all);
  const theirs = [...duplicates].flatMap(([each, problems]) =>
    each === own
      ? []
      : problems.map(({ path, message }) => ({
          path: [],
          message: `with it ${each.resolved.instanceName} is wrong: ${[showPath(path), message].join(" ").trim()}`,
        })),
  );
  return [...(duplicates.get(own) ?? []), ...theirs];
}
