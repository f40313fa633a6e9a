import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Folders of the repository that have its version. */
const folders = ["", "cli", "components", "local", "policies"];
/** Packs of their own in the folder of the packs; npm installs none of them. */
const packs = ["isolation", "naming", "reliability", "retention", "security"];
const component = "@mlflow-instances/components";

interface Manifest {
  version?: string;
  dependencies?: Record<string, string>;
}

async function edit<T>(file: string, change: (json: T) => void): Promise<void> {
  const json = JSON.parse(await readFile(file, "utf8")) as T;
  change(json);
  await writeFile(file, `${JSON.stringify(json, undefined, 2)}\n`);
}

const dependOn = (version: string) => (manifest: Manifest) => {
  if (manifest.dependencies?.[component] !== undefined) manifest.dependencies[component] = version;
};

export const versionOf = async (root: string): Promise<string> =>
  (JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string }).version;

/** Writes a version everywhere where the repository says its own. */
export async function writeVersion(root: string, version: string): Promise<void> {
  for (const folder of [...folders, ...packs.map((pack) => join("policies", pack))])
    await edit(join(root, folder, "package.json"), (manifest: Manifest) => {
      manifest.version = version;
    });
  await edit(join(root, "examples", "typescript", "package.json"), dependOn(version));
  await edit(
    join(root, "package-lock.json"),
    (lock: Manifest & { packages: Record<string, Manifest> }) => {
      lock.version = version;
      for (const folder of folders) lock.packages[folder]!.version = version;
      dependOn(version)(lock.packages["examples/typescript"]!);
    },
  );
}
