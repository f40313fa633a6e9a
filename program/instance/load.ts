import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { Environment } from "../environment/environment.ts";
import { check, type Problem } from "../values/problems.ts";
import { valueAt } from "../values/propertyPath.ts";
import { show } from "../values/wrongValue.ts";
import { parseYamlFile } from "../values/yamlFile.ts";
import { duplicateProblems } from "./duplicates.ts";
import { instanceFileSchema, type InstanceFile } from "./file.ts";
import { nameOfFile } from "./instanceFiles.ts";
import type { LastInstance } from "./lastUpdate.ts";
import { asPreview, nameIn, problemsInPreview } from "./preview.ts";
import { policiesFile, readPolicies } from "./policyBounds.ts";
import { judge, problemsInName } from "./problems.ts";
import { endingTokens } from "./tokenGenerations.ts";
import { tierOf } from "./toArgs.ts";

/** An instance whose file is right. */
export interface LoadedInstance {
  readonly name: string;
  readonly file: InstanceFile;
  /** What the component makes of it. */
  readonly resolved: ResolvedInstance;
}

export interface Loaded {
  readonly instances: readonly LoadedInstance[];
  /**
   * Of every instance file, also of one that is wrong; undefined when there is no folder to look
   * into.
   */
  readonly names: readonly string[] | undefined;
  /** Every error of every file, each with file, place and path. */
  readonly errors: readonly string[];
  /** What an instance can't take of the environment, whatever its file says. */
  readonly ofEnvironment: readonly Problem[];
  /** What is no error, but worth knowing. */
  readonly warnings: readonly string[];
}

/**
 * Reads all instance files of a folder, or those of a preview; goes on past an error, so that all
 * are known at once. Without an environment (its own errors are reported beside these) the files
 * are checked as far as they go by themselves. `deployed` are the instances of the stack's last
 * update, where that is known.
 */
export function readInstances(
  environment: Environment | undefined,
  folder: string,
  options: {
    stack: string;
    today: string;
    root: string;
    deployed?: ReadonlyMap<string, Pick<LastInstance, "tokens">>;
  },
): Loaded {
  const shown = (file: string) => relative(options.root, join(folder, file)) || file;
  const entries = listFolder(folder);
  // A folder that is not there is more likely a mistyped stack than the wish to destroy all of its
  // instances.
  if (entries === undefined) {
    return {
      instances: [],
      names: undefined,
      warnings: [],
      ofEnvironment: [],
      errors: [
        `${shown("")}: no such folder; the instance files of stack ${options.stack} are expected in it (it may be empty)`,
      ],
    };
  }

  const instances: LoadedInstance[] = [];
  const ofEnvironment = new Map<string, Problem>();
  const preview = environment?.preview;
  const errors = preview === undefined ? [] : missingOf(preview.instances, entries, shown(""));
  const { policies, errors: wrongPolicies } = readPolicies(options.root);
  errors.push(...wrongPolicies.map((error) => `${policiesFile}: ${error}`));
  const warnings: string[] = [];
  const names = new Set<string>();
  const seen = new Map<string, string>();
  const right: (LoadedInstance & { readonly said: (problem: Problem) => string })[] = [];
  for (const { name: file, isFile } of entries) {
    const name = nameOfFile(file);
    if (preview !== undefined && !preview.instances.includes(name ?? file)) continue;
    if (!isFile || name === undefined) {
      errors.push(`${shown(file)}: not an instance file; only <instance>.yaml belongs here`);
      continue;
    }
    names.add(name);
    const other = seen.get(name.toLowerCase());
    // Compared without case: two such files are one file on some developers' disks.
    if (other !== undefined)
      errors.push(`${shown(file)}: the same instance as ${shown(other)}; one of the two has to go`);
    seen.set(name.toLowerCase(), file);

    const yaml = parseYamlFile(readFileSync(join(folder, file), "utf8"));
    errors.push(...yaml.syntaxErrors.map((error) => `${shown(file)}:${error}`));
    const parsed =
      yaml.syntaxErrors.length > 0 ? { problems: [] } : check(instanceFileSchema, yaml.data);
    const data = parsed.data && preview ? asPreview(preview, parsed.data) : parsed.data;
    const named = problemsInName(name, data && tierOf(environment, data));
    const ofPreview = preview ? problemsInPreview(preview, name, parsed.data) : [];
    // What follows from a wrong name is wrong with it, and the name is said once.
    const isNameWrong = [...named, ...ofPreview].some(({ path }) => path.length === 0);
    const judged =
      data &&
      environment &&
      judge(environment, nameIn(environment, name), data, {
        policies,
        today: options.today,
        deployed: options.deployed?.get(nameIn(environment, name))?.tokens,
      });
    for (const problem of judged?.ofPlatform ?? []) ofEnvironment.set(problem.message, problem);
    const problems = [
      ...named,
      ...parsed.problems,
      ...ofPreview,
      ...(judged?.problems ?? []).filter(({ path }) => !isNameWrong || isStated(data, path)),
    ];
    if (
      preview === undefined &&
      parsed.data?.delete === name &&
      options.deployed?.has(name) === false
    ) {
      problems.push({
        path: ["delete"],
        message: `is set, but stack ${options.stack} has never deployed ${name}: there is nothing to delete, remove the file`,
      });
    }
    const said = (problem: Problem) => `${shown(file)}:${yaml.place(problem)}`;
    errors.push(...problems.map(said));
    if (!data || !judged || problems.length > 0 || other !== undefined) continue;
    const { resolved } = judged;
    right.push({ name: resolved.instanceName, file: data, resolved, said });
    // Those of a review environment end with it.
    if (preview === undefined) warnings.push(...endingTokens(resolved, options.today).map(said));
  }
  const duplicates = duplicateProblems(right);
  for (const each of right) {
    const { said, ...instance } = each;
    const ofEach = duplicates.get(each) ?? [];
    errors.push(...ofEach.map(said));
    if (ofEach.length === 0) instances.push(instance);
  }
  return {
    instances,
    names: [...names],
    errors,
    ofEnvironment: [...ofEnvironment.values()],
    warnings,
  };
}

const isStated = (file: unknown, path: Problem["path"]): boolean =>
  path.length > 0 && valueAt(file, path) !== undefined;

// A preview names its files; one that is not there is more likely a mistyped name than the wish for
// fewer.
function missingOf(
  wanted: readonly string[],
  entries: readonly { name: string }[],
  folder: string,
): string[] {
  const there = entries.flatMap(({ name }) => nameOfFile(name) ?? []);
  return wanted
    .filter((name) => !there.includes(name))
    .map(
      (name) =>
        `${folder}: preview.instances names ${show(name)}, but the files in it are of ${there.join(", ") || "none"}`,
    );
}

function listFolder(folder: string): { name: string; isFile: boolean }[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith("."))
      .map((entry) => ({ name: entry.name, isFile: entry.isFile() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  }
}
