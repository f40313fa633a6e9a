import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { failure, Refusal } from "./refusal.ts";

const stackFile = /^stacks\/Pulumi\.(.+)\.ya?ml$/;

/**
 * No infrastructure follows from these; a path that is not known here touches every environment.
 */
const withoutEffect = [
  /^(docs|examples|test|bench|local|images|cli|\.github|\.gitlab|\.ci)\//,
  /^(\.gitlab-ci\.yml|\.gitignore|\.prettierignore|\.prettierrc\.json|oxlint\.config\.ts|\.markdownlint-cli2\.jsonc|vitest\.config\.ts|tsconfig\.json|LICENSE)$/,
  /\.md$/,
  /^stacks\/((instance|stack|rollout)\.schema\.json|Pulumi\.example\.yaml|prices\.example\.yaml)$/,
  /^stacks\/rollout\.yaml$/,
];

/** A stack and the folder of its instance files, relative to the project. */
export interface StackFolder {
  readonly stack: string;
  readonly folder: string;
}

/** The stacks for which a change of these paths (relative to the project) can change something. */
export function touchedBy(paths: readonly string[], stacks: readonly StackFolder[]): string[] {
  const touched = new Set<string>();
  for (const path of paths) {
    const named = stackFile.exec(path)?.[1];
    const readers = stacks.filter(({ folder }) => path.startsWith(`${folder}/`));
    if (withoutEffect.some((pattern) => pattern.test(path))) continue;
    if (named !== undefined) touched.add(named);
    else if (readers.length > 0) for (const { stack } of readers) touched.add(stack);
    // The instance files of a stack that is no more, or of none.
    else if (!path.startsWith("stacks/instances/"))
      for (const { stack } of stacks) touched.add(stack);
  }
  return stacks.map(({ stack }) => stack).filter((stack) => touched.has(stack));
}

/** The environments that pipelines look after: each stack file that is in Git. */
export async function environmentsIn(root: string): Promise<StackFolder[]> {
  const files = await git(root, [
    "ls-files",
    "-z",
    "--",
    "stacks/Pulumi.*.yaml",
    "stacks/Pulumi.*.yml",
  ]);
  const environments: StackFolder[] = [];
  for (const file of files.filter((one) => !withoutEffect.some((pattern) => pattern.test(one)))) {
    const stack = stackFile.exec(file)?.[1];
    // One that was deleted and is not committed yet is still in Git.
    if (stack !== undefined && existsSync(join(root, file)))
      environments.push({ stack, folder: await instancesFolder(join(root, file), stack) });
  }
  return environments.sort((one, other) => (one.stack < other.stack ? -1 : 1));
}

/**
 * Where the program reads the stack's instance files, with slashes. A stack file that can't be read
 * is for the check to tell of.
 */
async function instancesFolder(file: string, stack: string): Promise<string> {
  const usual = posix.join("stacks", "instances", stack);
  try {
    const { config } = parse(await readFile(file, "utf8")) as { config?: Record<string, unknown> };
    const named = config?.["mlflow-instances:instancesFolder"];
    return typeof named === "string" ? posix.normalize(named).replace(/\/$/, "") : usual;
  } catch {
    return usual;
  }
}

/**
 * What has changed up to `head` since its common ancestor with `base`: both names of a file that
 * was moved.
 */
export async function changedPaths(root: string, base: string, head = "HEAD"): Promise<string[]> {
  // What a forge says of a branch's first push.
  if (/^0{40,64}$/.test(base)) return git(root, ["ls-files", "-z"]);
  return git(root, [
    "diff",
    "--name-only",
    "--no-renames",
    "-z",
    `${await commitOf(root, base)}...${await commitOf(root, head)}`,
    "--",
  ]);
}

/**
 * Refuses to go on when the branch has newer changes of the stack, which would be undone. By what
 * the checkout has fetched: a job that waited for its approval begins only after it.
 */
export async function refuseOutdated(root: string, stack: string, branch: string): Promise<void> {
  const since = await changedPaths(root, "HEAD", `refs/remotes/origin/${branch}`);
  if (!touchedBy(since, await environmentsIn(root)).includes(stack)) return;
  throw failure(
    `${branch} has newer changes of ${stack} than this job would deploy; let the job of the newest one do it.`,
  );
}

async function commitOf(root: string, ref: string): Promise<string> {
  const [commit] = await git(root, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${ref}^{commit}`,
  ]).catch(() => []);
  if (commit !== undefined) return commit.trim();
  throw new Refusal(
    `${ref}: no such commit here; in a pipeline the whole history has to be fetched (fetch-depth 0, GIT_DEPTH 0)`,
  );
}

async function git(root: string, args: readonly string[]): Promise<string[]> {
  const { stdout } = await execa("git", args, { cwd: root, stripFinalNewline: false }).catch(
    (error: Error & { stderr?: string }) => {
      throw failure(`git ${args[0]}: ${(error.stderr ?? error.message).trim()}`);
    },
  );
  return stdout.split("\0").filter((path) => path.trim() !== "");
}
