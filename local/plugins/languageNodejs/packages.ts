// Which Pulumi packages a program has installed, so that the engine loads the matching plugin
// versions before the program runs.
import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface RequiredPackage {
  name: string;
  version: string;
  server: string;
  parameterization?: { name: string; version: string; value: string };
}

interface Manifest {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  pulumi?: {
    resource?: boolean;
    name?: string;
    version?: string;
    server?: string;
    parameterization?: { name: string; version: string; value: string };
  };
}

export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

/**
 * `node_modules` of the folder and of the folders above it, as Node resolves (npm workspaces hoist
 * to the root).
 */
export function moduleFolders(folder: string): string[] {
  const own = join(folder, "node_modules");
  const parent = dirname(folder);
  return parent === folder ? [own] : [own, ...moduleFolders(parent)];
}

async function packageFolders(modules: string): Promise<string[]> {
  const entries = await readdir(modules, { withFileTypes: true }).catch(() => []);
  const nested = entries
    .filter(
      (entry) => !entry.name.startsWith(".") && (entry.isDirectory() || entry.isSymbolicLink()),
    )
    .map(async (entry) =>
      entry.name.startsWith("@")
        ? packageFolders(join(modules, entry.name))
        : [join(modules, entry.name)],
    );
  return (await Promise.all(nested)).flat();
}

async function scan(modules: string): Promise<RequiredPackage[]> {
  const found = (await packageFolders(modules)).map(async (folder): Promise<RequiredPackage[]> => {
    const [manifest, below] = await Promise.all([
      readManifest(folder),
      scan(join(folder, "node_modules")),
    ]);
    return manifest ? [...toPackage(manifest), ...below] : below;
  });
  return (await Promise.all(found)).flat();
}

function toPackage(manifest: Manifest): RequiredPackage[] {
  const { pulumi } = manifest;
  if (!pulumi?.resource) return [];
  const name = pulumi.name ?? manifest.name?.replace(/^@pulumi\//, "").replace(/^@/, "");
  const version = pulumi.version ?? manifest.version;
  if (!name || !version) return [];
  const { parameterization } = pulumi;
  return [
    {
      name,
      version: version.replace(/^v/, ""),
      server: pulumi.server ?? "",
      ...(parameterization && { parameterization }),
    },
  ];
}

export async function requiredPackages(folder: string): Promise<RequiredPackage[]> {
  const found = (await Promise.all(moduleFolders(folder).map(scan))).flat();
  const unique = new Map(found.map((item) => [`${item.name}@${item.version}`, item]));
  return [...unique.values()].sort(
    (a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version),
  );
}

export interface Dependency {
  name: string;
  version: string;
}

/**
 * What `pulumi about` shows: the declared dependencies with their installed versions, or all
 * installed ones.
 */
export async function programDependencies(
  folder: string,
  transitive: boolean,
): Promise<Dependency[]> {
  const manifest = await readManifest(folder);
  const declared = Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies });
  const folders = moduleFolders(folder);
  const installed = async (name: string): Promise<Dependency[]> => {
    for (const modules of folders) {
      const version = (await readManifest(join(modules, name)))?.version;
      if (version) return [{ name, version }];
    }
    return [];
  };
  const all = transitive ? (await Promise.all(folders.map(packageFolders))).flat() : [];
  const names = transitive
    ? all.map((path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length))
    : declared;
  const found = (await Promise.all([...new Set(names)].map(installed))).flat();
  return found.sort((a, b) => a.name.localeCompare(b.name));
}
