import { posix } from "node:path";
import { Refusal } from "../../refusal.ts";
import { changedPaths } from "../../touchedStacks.ts";

/** The instance files of the environment that a preview is made from. */
export interface BaseInstances {
  readonly root: string;
  /** Relative to the project, with slashes. */
  readonly folder: string;
  readonly names: readonly string[];
  /** An instance that is being deleted has no preview. */
  readonly isDeleting: (name: string) => boolean;
}

/**
 * Which instances to preview: those that were named, or those whose files the pull request adds or
 * changes.
 */
export async function chosenInstances(
  request: { readonly named: readonly string[] | undefined; readonly base: string | undefined },
  { root, folder, names, isDeleting }: BaseInstances,
): Promise<string[]> {
  const { named, base } = request;
  const there = names.join(", ") || "none";
  if (named !== undefined) {
    const unknown = named.filter((name) => !names.includes(name));
    if (unknown.length > 0)
      throw new Refusal(
        `--instances: ${folder} has no file of ${unknown.join(", ")}; it has ${there}`,
      );
    return [...new Set(named)].sort();
  }
  if (base === undefined)
    throw new Refusal(
      "Which instances? --instances <names> says it, or --base <git ref> for those whose files changed since.",
    );
  const changed = new Set(await changedPaths(root, base));
  const isChanged = (name: string): boolean =>
    [".yaml", ".yml"].some((ending) => changed.has(posix.join(folder, name + ending)));
  const chosen = names.filter((name) => isChanged(name) && !isDeleting(name));
  if (chosen.length > 0) return chosen;
  throw new Refusal(
    `No instance file in ${folder} changed since ${base}; name with --instances which to show: ${there}`,
  );
}
