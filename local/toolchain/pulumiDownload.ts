import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Report } from "../report.ts";
import { boundChild } from "./boundChild.ts";
import { lastLines } from "./commandOutput.ts";
import { exists, folderOnce } from "./folderOnce.ts";
import { plugins, versions, type PluginId } from "./pins.ts";

/**
 * A download that has not begun by then is not reachable: on a blocked network a connection can
 * hang for minutes.
 */
const beginMs = 15_000;
const wholeMs = 10 * 60_000;
/**
 * For so long an unreachable download is not tried again, so that a warm start does not wait for
 * it.
 */
export const rememberMs = 24 * 3600_000;

/** The official CLI of the pinned version, or undefined where it can't be downloaded. */
export async function officialCli(cache: string, report: Report): Promise<string | undefined> {
  const root = join(cache, `cli-${versions.pulumi}`);
  const cli = join(root, "bin", "pulumi");
  if (await exists(cli)) return cli;
  if (await wasUnreachable(cache, "cli")) return undefined;
  return report.step(`Look for the official Pulumi CLI ${versions.pulumi}`, async (log) => {
    const script = join(dirname(fileURLToPath(import.meta.url)), "installPulumiCli.ts");
    try {
      await folderOnce(root, (temporary) =>
        download(cache, [process.execPath, script, temporary, versions.pulumi], log),
      );
      return cli;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      report.info(
        `The official Pulumi CLI can't be downloaded here (${error.message}); it is built from its Go modules.`,
      );
      await rememberUnreachable(cache, "cli");
      return undefined;
    }
  });
}

/** The folder of an official provider plugin, or undefined where it can't be downloaded. */
export async function officialPlugin(
  cache: string,
  cli: string,
  id: PluginId,
  report: Report,
): Promise<string | undefined> {
  const { name, version } = plugins[id];
  const folder = join(cache, "plugins", `resource-${name}-v${version}`);
  // The CLI marks a download under way by a file beside the folder.
  const whole = async (): Promise<boolean> =>
    (await exists(join(folder, `pulumi-resource-${name}`))) && !(await exists(`${folder}.partial`));
  if (await whole()) return folder;
  if (await wasUnreachable(cache, id)) return undefined;
  return report.step(`Look for the official Pulumi plugin ${name} ${version}`, async (log) => {
    try {
      await download(
        cache,
        [cli, "plugin", "install", "resource", name, version, "--non-interactive"],
        log,
      );
      if (await whole()) return folder;
      throw new Unreachable("the CLI installed nothing");
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      report.info(
        `The official Pulumi plugin ${name} ${version} can't be downloaded here (${error.message}).`,
      );
      await rememberUnreachable(cache, id);
      return undefined;
    }
  });
}

export class Unreachable extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Unreachable";
  }
}

/**
 * Runs a downloading program; ends it when nothing has arrived in time or at its second failed
 * attempt.
 */
async function download(
  cache: string,
  command: readonly [string, ...string[]],
  log: (line: string) => void,
): Promise<void> {
  const [program, ...args] = command;
  const parent = join(cache, "downloads");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "download-"));
  try {
    const child = execa(...boundChild(program, args), {
      env: { PULUMI_HOME: cache, PULUMI_SKIP_UPDATE_CHECK: "true", TMPDIR: folder },
      all: true,
      reject: false,
      stdin: "ignore",
      timeout: wholeMs,
    });
    let hopeless: string | undefined;
    const giveUp = (reason: string): void => {
      hopeless ??= reason;
      child.kill("SIGKILL");
    };
    const started = Date.now();
    let begun = false;
    const watch = setInterval(() => {
      void receivedBytes(folder).then((bytes) => {
        begun ||= bytes > 0;
        if (begun) log(`${Math.round(bytes / 1024 ** 2)} MiB received`);
        else if (Date.now() - started > beginMs)
          giveUp(`nothing arrived within ${beginMs / 1000} s`);
      });
    }, 500);
    let failures = 0;
    try {
      for await (const line of child.iterable({ from: "all" })) {
        const failure = downloadFailure(line);
        if (failure !== undefined && ++failures > 1 && !begun) giveUp(failure);
      }
    } finally {
      clearInterval(watch);
    }
    const result = await child;
    if (hopeless !== undefined) throw new Unreachable(hopeless);
    if (result.timedOut) throw new Unreachable(`not complete within ${wholeMs / 60_000} min`);
    if (result.failed) throw new Unreachable(lastLines(result, 1).replace(/^error: /, ""));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The reason in the CLI's line about a failed attempt. */
export function downloadFailure(line: string): string | undefined {
  return /Error downloading plugin: (?:Get "[^"]*": )?(.*)/.exec(line)?.[1];
}

async function receivedBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (info) => (info.isFile() ? info.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const memoPath = (cache: string, what: string): string => join(cache, "unreachable", what);

async function wasUnreachable(cache: string, what: string): Promise<boolean> {
  const text = await readFile(memoPath(cache, what), "utf8").catch(() => "");
  const age = Date.now() - Date.parse(text.trim());
  return age >= 0 && age < rememberMs;
}

async function rememberUnreachable(cache: string, what: string): Promise<void> {
  const path = memoPath(cache, what);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${new Date().toISOString()}\n`);
  await rename(`${path}.new`, path);
}
