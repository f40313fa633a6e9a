import { createHash } from "node:crypto";
import {
  chmod,
  copyFile,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../paths.ts";
import type { Report } from "../report.ts";
import { exists } from "./folderOnce.ts";
import { ensureGoTool } from "./goTool.ts";
import { plugins, versions, type GoToolName, type PluginId } from "./pins.ts";
import { officialCli, officialPlugin } from "./pulumiDownload.ts";

/** `built`: the official source, compiled here because the download was not reachable. */
export type Origin = "official" | "built" | "stand-in";

export interface PulumiTools {
  /** The CLI to run. */
  cliPath: string;
  /** Its folder, first on `env.PATH`. */
  binDir: string;
  /** PULUMI_HOME. */
  home: string;
  version: string;
  cli: Exclude<Origin, "stand-in">;
  plugins: Record<PluginId, Origin>;
  languageHost: Exclude<Origin, "built">;
  /** What a `pulumi` process needs on top of this process's environment. */
  env: Record<string, string>;
}

const pluginIds = Object.keys(plugins) as PluginId[];
/** Plugins of which the Go module proxy serves the source, and what they need around them. */
const goPlugins: Partial<
  Record<PluginId, { readonly tool: GoToolName; readonly env: Readonly<Record<string, string>> }>
> = {
  kubernetes: {
    tool: "pulumi-resource-kubernetes",
    // The source that is served is older than the provider's setting `enablePatchForce`, which
    // every provider of this project has, and knows only the variable.
    env: { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" },
  },
};
const standInFolder = join(dirname(dirname(fileURLToPath(import.meta.url))), "plugins", "bin");
const pulumiCache = (): string => join(cacheFolder(), "pulumi");

/**
 * The official CLI and plugins where they can be downloaded. Otherwise CLI and plugins are built
 * from their Go modules, and our stand-ins take the place of those that have none.
 */
export async function ensurePulumi(report: Report): Promise<PulumiTools> {
  const official = await officialCli(pulumiCache(), report);
  const built = official === undefined ? await ensureGoTool("pulumi", report) : undefined;
  const original = official ?? join(built ?? "", "pulumi");
  const found = Object.fromEntries(
    await Promise.all(
      pluginIds.map(async (id) => [id, await ensurePlugin(id, original, report)] as const),
    ),
  ) as Record<PluginId, FoundPlugin>;
  const origins = Object.fromEntries(pluginIds.map((id) => [id, found[id].origin])) as Record<
    PluginId,
    Origin
  >;
  const languageHost = official === undefined ? "stand-in" : "official";

  const complete =
    languageHost === "official" && pluginIds.every((id) => found[id].origin === "official");
  const home = complete ? pulumiCache() : await mixedHome(original, found, languageHost);
  const binDir = complete ? dirname(original) : join(home, "bin");
  await refuseAutomaticLogs(home);
  return {
    cliPath: join(binDir, "pulumi"),
    binDir,
    home,
    version: versions.pulumi,
    cli: official === undefined ? "built" : "official",
    plugins: origins,
    languageHost,
    env: {
      PULUMI_HOME: home,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // Another Pulumi of the user's must not lend its plugins: which ones run is decided here.
      PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      // The engine lives for seconds: with a collection at twice the live heap, Go's default, a
      // quarter of its work is collecting garbage.
      GOGC: process.env["GOGC"] ?? "400",
      // Program, packs and plugins are Node processes of a few seconds that load the same thousand
      // files each time.
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(cacheFolder(), "node-compile"),
      PATH: [binDir, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    },
  };
}

interface FoundPlugin {
  readonly origin: Origin;
  /** Holds the program `pulumi-resource-<name>`. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

async function ensurePlugin(id: PluginId, cli: string, report: Report): Promise<FoundPlugin> {
  const official = await officialPlugin(pulumiCache(), cli, id, report);
  if (official !== undefined) return { origin: "official", folder: official, env: {} };
  const source = goPlugins[id];
  if (source !== undefined)
    return { origin: "built", folder: await ensureGoTool(source.tool, report), env: source.env };
  // The stand-in for `aws` answers under two versions, so each launcher passes its own.
  const env = { STAND_IN_VERSION: plugins[id].version };
  return { origin: "stand-in", folder: standInFolder, env };
}

/**
 * The CLI logs all that it does, encrypted, to `logs` in its home; with 50 instances and a policy
 * pack that is a third of its time. It has no switch for that, but goes on without where the folder
 * can't be made.
 */
async function refuseAutomaticLogs(home: string): Promise<void> {
  const logs = join(home, "logs");
  const there = await stat(logs).catch(() => undefined);
  if (there?.isFile()) return;
  await rm(logs, { recursive: true, force: true });
  await writeFile(logs, "");
}

/** Names of the parts that are not the official ones, for the words at the end of a command. */
export function standInNames(tools: PulumiTools): string[] {
  const standIns = pluginIds
    .filter((id) => tools.plugins[id] === "stand-in")
    .map((id) => `pulumi-resource-${plugins[id].name}`);
  return [
    ...new Set(
      tools.languageHost === "stand-in" ? ["pulumi-language-nodejs", ...standIns] : standIns,
    ),
  ];
}

/**
 * A PULUMI_HOME of this clone alone, in which each plugin is the one that was found. The
 * engine finds all of them by its ordinary rules (the language host beside the CLI, providers in
 * `plugins`), so nothing depends on PATH and no warning is printed.
 */
async function mixedHome(
  cli: string,
  found: Readonly<Record<PluginId, FoundPlugin>>,
  languageHost: PulumiTools["languageHost"],
): Promise<string> {
  const clone = createHash("sha256").update(standInFolder).digest("hex").slice(0, 12);
  const home = join(pulumiCache(), "clones", clone);
  const binDir = join(home, "bin");
  await mkdir(binDir, { recursive: true });
  await sameFile(cli, join(binDir, "pulumi"));
  const hostName = "pulumi-language-nodejs";
  await writeLauncher(
    join(binDir, hostName),
    join(languageHost === "official" ? dirname(cli) : standInFolder, hostName),
  );
  for (const id of pluginIds) {
    const { name, version } = plugins[id];
    const { folder: original, env } = found[id];
    const program = `pulumi-resource-${name}`;
    const folder = join(home, "plugins", `resource-${name}-v${version}`);
    await mkdir(folder, { recursive: true });
    await writeLauncher(join(folder, program), join(original, program), env);
  }
  return home;
}

/**
 * The engine looks for the language host beside its real path: a link to another folder would not
 * do, a hard link does.
 */
async function sameFile(source: string, target: string): Promise<void> {
  const [wanted, there] = await Promise.all([stat(source), stat(target).catch(() => undefined)]);
  if (there?.ino === wanted.ino && there.dev === wanted.dev) return;
  const temporary = `${target}.${process.pid}.new`;
  await rm(temporary, { force: true });
  await link(source, temporary).catch(() => copyFile(source, temporary));
  await rename(temporary, target);
}

export function launcher(program: string, env: Readonly<Record<string, string>> = {}): string {
  const settings = Object.entries(env).map(([key, value]) => `export ${key}='${value}'\n`);
  return `#!/bin/sh\n${settings.join("")}exec '${program.replaceAll("'", `'\\''`)}' "$@"\n`;
}

async function writeLauncher(
  path: string,
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (!(await exists(program)))
    throw new Error(`The plugin ${program} is missing: this clone is not complete.`);
  const text = launcher(program, env);
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, text);
  await chmod(temporary, 0o755);
  await rename(temporary, path);
}
