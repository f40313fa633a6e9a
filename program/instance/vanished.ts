import type { Environment } from "../environment/environment.ts";
import type { LastUpdate } from "./lastUpdate.ts";

/**
 * One line for each instance whose file is gone though its data was not given up: where the file
 * was, and what to do. `names` are those of the files that are there; undefined, when there is no
 * folder: that is an error of its own, and none of its files was meant to go. What a preview
 * environment holds is given up from the start.
 */
export function vanishedInstances(
  last: LastUpdate["instances"],
  environment: Pick<Environment, "preview"> | undefined,
  names: readonly string[] | undefined,
  fileOf: (name: string) => string,
): string[] {
  if (names === undefined || environment?.preview !== undefined) return [];
  const vanished = [...last]
    .filter(([name, { prepared }]) => !prepared && !names.includes(name))
    .map(([name]) => name);
  const fresh = names.filter((name) => !last.has(name));
  const [gone, come] = [vanished[0], fresh[0]];
  if (gone !== undefined && come !== undefined && vanished.length === 1 && fresh.length === 1) {
    return [
      `${fileOf(gone)}: is gone and ${fileOf(come)} is new. An instance can't be renamed: bucket, database and address follow from its name. ` +
        `Give the file its old name back; if ${come} is an instance of its own and ${gone} is to be deleted, ${howToDelete(gone)}`,
    ];
  }
  return vanished.map(
    (name) =>
      `${fileOf(name)}: is gone, but a file that disappears deletes nothing; to delete ${name}, ${howToDelete(name)}`,
  );
}

const howToDelete = (name: string): string =>
  `put the file back with the line "delete: ${name}", deploy, then remove the file`;
