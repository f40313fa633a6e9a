import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { readPrices } from "../cli/changes/preview/prices.ts";
import { checkStacks } from "../cli/environments/checkStacks.ts";
import { Refusal } from "../cli/refusal.ts";
import { configurationProblems } from "../policies/configuration.ts";
import { rules } from "../policies/rules.ts";
import { instancesFolderOf } from "../program/environment/stackFile.ts";
import { readInstances } from "../program/instance/load.ts";
import { policiesFile } from "../program/instance/policyBounds.ts";
import { configOf, stackNames } from "../program/instance/stackOnDisk.ts";
import { parseYamlFile } from "../program/values/yamlFile.ts";

// `stacks/` is the platform team's: no test expects anything of it. `npm run check` reports each
// error in what is there, as the commands do.

/** Every error in the files of `stacks/` that Git does not ignore. */
export async function problemsInStacks(
  root: string,
  today = new Date().toISOString().slice(0, 10),
): Promise<string[]> {
  const ignored = ignoredBy(root);
  const files = list(join(root, "stacks")).filter((file) => !ignored(`stacks/${file}`));
  const stacks = stackNames(root)
    .map((name) => ({ name, file: files.find((file) => isOf(name, file)) }))
    .flatMap(({ name, file }) => (file === undefined ? [] : [{ name, file }]));
  const names = stacks.map(({ name }) => name);
  const problems = [
    ...checkStacks(root, names, today),
    ...stacks.flatMap(({ file }) => problemsOfProviders(root, join("stacks", file))),
    ...withoutStack(root, stacks).flatMap((name) => {
      const folder = join(root, "stacks", "instances", name);
      return readInstances(undefined, folder, { stack: name, today, root }).errors;
    }),
    ...problemsInPolicies(root),
    ...(await problemsInPrices(root)),
  ];
  return [...new Set(problems)];
}

const isOf = (stack: string, file: string): boolean =>
  [`Pulumi.${stack}.yaml`, `Pulumi.${stack}.yml`].includes(file);

const list = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

function ignoredBy(root: string): (path: string) => boolean {
  const file = join(root, ".gitignore");
  const patterns = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return (path) => patterns.some((pattern) => pattern !== "" && matchesGlob(path, pattern));
}

const providersKey = "pulumi:disable-default-providers";

/** The program can't see this key: the engine reads it. */
function problemsOfProviders(root: string, path: string): string[] {
  const { data, place } = parseYamlFile(readFileSync(join(root, path), "utf8"));
  const config = (data as { config?: Record<string, unknown> } | undefined)?.config;
  if (config === undefined || JSON.stringify(config[providersKey]) === '["*"]') return [];
  const message = 'must be ["*"], so that no resource falls back to the default of a shell';
  return [`${path}:${place({ path: ["config", providersKey], message })}`];
}

/** Folders of instance files that no stack reads, such as that of the embedded platform. */
function withoutStack(
  root: string,
  stacks: readonly { readonly name: string; readonly file: string }[],
): string[] {
  const read = stacks.map(({ name, file }) => {
    const { data } = parseYamlFile(readFileSync(join(root, "stacks", file), "utf8"));
    return instancesFolderOf(root, configOf(name, data));
  });
  const folder = join(root, "stacks", "instances");
  return list(folder).filter((name) => !read.includes(join(folder, name)));
}

function problemsInPolicies(root: string): string[] {
  const file = join(root, policiesFile);
  if (!existsSync(file)) return [];
  return configurationProblems(readFileSync(file, "utf8"), rules).map(
    (problem) => `${policiesFile}: ${problem}`,
  );
}

async function problemsInPrices(root: string): Promise<string[]> {
  try {
    await readPrices(root, join(root, "stacks", "prices.yaml"));
    return [];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [error.message];
  }
}

if (import.meta.main) {
  const problems = await problemsInStacks(process.cwd());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
