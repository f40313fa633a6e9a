import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { execa } from "execa";

// The component package as others install it: JavaScript with types and source maps, because Node
// runs no TypeScript below node_modules. The sources go along: from them the engine makes the
// package's schema, and debuggers show them.

const root = resolve(import.meta.dirname, "..");
const components = join(root, "components");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Packs the component package into a folder and returns the path of the file. */
export async function packComponents(folder: string): Promise<string> {
  const stage = await mkdtemp(join(tmpdir(), "mlflow-instances-pack-"));
  try {
    await compile(join(stage, "dist"));
    for (const source of await sources())
      await cp(join(components, source), join(stage, "src", source));
    for (const file of ["PulumiPlugin.yaml", "README.md"])
      await cp(join(components, file), join(stage, file));
    const plugin = await readFile(join(components, "plugin.js"), "utf8");
    await writeFile(join(stage, "plugin.js"), plugin.replace("./index.ts", "./dist/index.js"));
    await writeFile(join(stage, "package.json"), asJson(await manifest()));
    await writeFile(join(stage, "tsconfig.json"), asJson(forSchema));
    for (const file of ["LICENSE", "CHANGELOG.md"]) await cp(join(root, file), join(stage, file));
    return await npmPack(stage, folder);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Packs what lies in `from` as its manifest says, and returns the path of the file. */
async function npmPack(from: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const pack = ["pack", "--json", "--pack-destination", folder];
  const { stdout } = await execa("npm", pack, { cwd: from });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  return join(folder, packed!.filename);
}

/** Sources that are committed, and nothing that lies beside it. */
async function sources(): Promise<string[]> {
  const { stdout } = await execa("git", ["ls-files", "-z", "--", "*.ts"], { cwd: components });
  return stdout.split("\0").filter((path) => path !== "");
}

const asJson = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

function compile(folder: string): Promise<unknown> {
  const compiler = join(root, "node_modules", "typescript7", "bin", "tsc");
  const emit = ["--noEmit", "false", "--declaration", "--sourceMap"];
  return execa(process.execPath, [
    ...[compiler, "-p", components, "--rootDir", components, "--outDir", folder],
    ...[...emit, "--rewriteRelativeImportExtensions", "--sourceRoot", "../src"],
  ]);
}

async function manifest(): Promise<object> {
  const written = await readFile(join(components, "package.json"), "utf8");
  const { private: _, dependencies, ...rest } = JSON.parse(written) as Manifest;
  const { "@pulumi/pulumi": sdk, ...providers } = dependencies;
  const entry = (name: string) => ({
    types: `./dist/${name}.d.ts`,
    default: `./dist/${name}.js`,
  });
  return {
    ...rest,
    files: ["dist", "src", "plugin.js", "PulumiPlugin.yaml", "tsconfig.json", "CHANGELOG.md"],
    engines: { node: ">=24" },
    exports: { ".": entry("index"), "./internal": entry("internal") },
    // With what makes the schema: Pulumi itself has a TypeScript of 2020 only.
    dependencies: { ...providers, typescript: await versionOfTypescript() },
    // The program's own copy: a component and its program must not load two.
    peerDependencies: { "@pulumi/pulumi": `^${sdk}` },
  };
}

async function versionOfTypescript(): Promise<string> {
  const { devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    devDependencies: { typescript: string };
  };
  return devDependencies.typescript;
}

/** How the engine reads the sources when it makes the schema. */
const forSchema = {
  compilerOptions: {
    target: "es2024",
    module: "nodenext",
    moduleResolution: "nodenext",
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
  },
  include: ["src"],
};

/** The policy packs, as a folder for `--policy-pack` once `npm install` ran in it. */
const packPolicies = (folder: string): Promise<string> => npmPack(join(root, "policies"), folder);

/** Everything that a release has, and the sums by which a download is checked. */
export async function packAll(folder: string): Promise<string[]> {
  const files = [await packComponents(folder), await packPolicies(folder)];
  const sums = await Promise.all(
    files.map(async (file) => {
      const sum = createHash("sha256").update(await readFile(file));
      return `${sum.digest("hex")}  ${basename(file)}\n`;
    }),
  );
  const list = join(folder, "SHA256SUMS");
  await writeFile(list, sums.join(""));
  return [...files, list];
}

if (import.meta.main)
  for (const file of await packAll(resolve(process.argv[2] ?? "packed"))) console.log(file);
