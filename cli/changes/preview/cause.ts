import { basename, join, relative } from "node:path";
import { execa } from "execa";
import { Refusal } from "../../refusal.ts";

export type FileChange = "added" | "changed" | "removed";

/** What a change in git says about a stack. */
export interface GitChanges {
  /** The reference as it was given. */
  readonly base: string;
  /** Changed instance files of this stack, by the instance's name. */
  readonly instanceFiles: ReadonlyMap<
    string,
    { readonly file: string; readonly change: FileChange }
  >;
  /** Changed files of which every instance is made: code, defaults, the stack's values. */
  readonly shared: readonly string[];
}

const kinds: Readonly<Record<string, FileChange>> = { A: "added", D: "removed" };
/**
 * What decides an instance besides its own file: code, defaults, versions. Tests, docs and the rest
 * change none; an image counts by its reference in the stack's values.
 */
const shares = /^(?:program\/|components\/|package(?:-lock)?\.json$|Pulumi\.yaml$)/;

/**
 * What changed between the base and the work tree: what was committed, what is staged, what is
 * neither, and what git doesn't know yet.
 */
export async function changedFiles(
  root: string,
  base: string,
): Promise<ReadonlyMap<string, FileChange>> {
  const run = (...args: string[]) => execa("git", args, { cwd: root, reject: false });
  const inside = await run("rev-parse", "--is-inside-work-tree");
  if (inside.code === "ENOENT") throw new Refusal("git is not on PATH; --base needs it");
  // Git's own words: it also refuses a checkout that belongs to another user.
  if (inside.failed)
    throw new Refusal(
      `--base ${base}: ${root} is not in a git work tree: ${inside.stderr.split("\n")[0] ?? ""}`,
    );
  const git = async (...args: string[]): Promise<string | undefined> => {
    const { failed, stdout } = await run(...args);
    return failed ? undefined : stdout;
  };
  const commit = await git(
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${base}^{commit}`,
  );
  if (commit === undefined)
    throw new Refusal(`--base ${base}: git knows no such branch, tag or commit`);
  // From where the two parted: what has come to the base since then is not of this change.
  const parted = await git("merge-base", commit, "HEAD");
  if (parted === undefined)
    throw new Refusal(
      `--base ${base}: no history in common with HEAD; a shallow clone needs its whole history (fetch-depth: 0)`,
    );
  const tracked = await git("diff", "--name-status", "--no-renames", "--relative", "-z", parted);
  const untracked = await git("ls-files", "--others", "--exclude-standard", "-z");
  if (tracked === undefined || untracked === undefined)
    throw new Refusal(`--base ${base}: git can't compare with it`);
  const files = new Map<string, FileChange>();
  const parts = tracked.split("\0");
  for (let at = 0; at + 1 < parts.length; at += 2)
    files.set(parts[at + 1] ?? "", kinds[parts[at] ?? ""] ?? "changed");
  for (const file of untracked.split("\0")) {
    // Removed from the index and there again is a changed file.
    if (file !== "") files.set(file, files.has(file) ? "changed" : "added");
  }
  return files;
}

/** Sorts the changed files into those of this stack's instances and those that all share. */
export function causesOf(
  base: string,
  files: ReadonlyMap<string, FileChange>,
  place: {
    readonly root: string;
    readonly stack: string;
    readonly instancesFolder: string;
    readonly nameOf: (file: string) => string;
  },
): GitChanges {
  const folder = relative(place.root, join(place.root, place.instancesFolder));
  const values = join("stacks", `Pulumi.${place.stack}.yaml`);
  const instanceFiles = new Map<string, { file: string; change: FileChange }>();
  const shared: string[] = [];
  for (const [file, change] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = /^(.+)\.ya?ml$/.exec(basename(file))?.[1];
    if (name !== undefined && relative(folder, file) === basename(file))
      instanceFiles.set(place.nameOf(name), { file, change });
    else if (shares.test(file) || file === values) shared.push(file);
  }
  return { base, instanceFiles, shared };
}
