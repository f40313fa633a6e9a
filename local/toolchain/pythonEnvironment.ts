import { createHash } from "node:crypto";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { cacheFolder } from "../paths.ts";
import type { Report } from "../report.ts";
import { boundChild } from "./boundChild.ts";
import { lastLines } from "./commandOutput.ts";
import { ensureDiskSpace, withDiskErrors } from "./disk.ts";
import { exists, folderOnce } from "./folderOnce.ts";
import { goArchitecture, MachineError } from "./machine.ts";
import { pipProgress } from "./pip.ts";

/** A set of Python packages of exact versions, each held to its hash. */
export interface PythonPackages {
  /** For messages: "the MLflow client 3.17.2". */
  readonly what: string;
  /** Beginning of the folder's name in the cache. */
  readonly folderName: string;
  readonly requirementsPath: string;
  /** Bytes that the environment takes. */
  readonly diskNeeded: number;
  /** A program that prints `printed` where the environment works. */
  readonly check: { readonly program: string; readonly printed: string };
}

/**
 * Returns the Python of an environment that holds the packages; it is made once per content of the
 * requirements.
 */
export async function ensurePythonEnvironment(
  packages: PythonPackages,
  report: Report,
): Promise<string> {
  const { what, diskNeeded } = packages;
  const { interpreter, version } = await findPython(what);
  const requirements = await readFile(packages.requirementsPath, "utf8");
  const key = createHash("sha256")
    .update([requirements, version, goArchitecture()].join("\0"))
    .digest("hex")
    .slice(0, 12);
  const folder = join(cacheFolder(), "python", `${packages.folderName}-${key}`);
  const python = join(folder, "bin", "python");
  if (await exists(folder)) return python;
  await report.step(`Install ${what}`, async (log) => {
    await ensureDiskSpace([folder], diskNeeded, `installing ${what}`);
    await withDiskErrors(folder, diskNeeded, `installing ${what}`, () =>
      folderOnce(folder, (temporary) => install(packages, interpreter, temporary, log), {
        onWait: () => log("waits for another process that installs it"),
      }),
    );
  });
  return python;
}

async function install(
  { what, requirementsPath, check }: PythonPackages,
  interpreter: string,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  await execa(interpreter, ["-m", "venv", "--clear", folder]);
  const python = join(folder, "bin", "python");
  const options = [
    "--require-hashes",
    "--only-binary",
    ":all:",
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar",
    "off",
  ];
  const child = execa(
    ...boundChild(python, ["-m", "pip", "install", ...options, "-r", requirementsPath]),
    {
      all: true,
      reject: false,
      stdin: "ignore",
    },
  );
  for await (const line of child.iterable({ from: "all" })) {
    const progress = pipProgress(line);
    if (progress !== undefined) log(progress);
  }
  const result = await child;
  if (result.failed) throw new Error(`pip install of ${what} failed:\n${lastLines(result)}`);
  log("verifies that it can be imported");
  const found = await execa(python, ["-c", check.program], {
    env: { MLFLOW_DISABLE_TELEMETRY: "true" },
  });
  if (found.stdout.trim() !== check.printed)
    throw new Error(`${what} was installed, but ${found.stdout} is imported`);
  // The scripts name the folder under which they were made; the environment gets another name now,
  // and only `python -m` is used.
  for (const name of await readdir(join(folder, "bin"))) {
    if (!/^python/.test(name)) await rm(join(folder, "bin", name), { recursive: true });
  }
}

/** Debian's own Python where it is: one of a version manager may vanish under the environment. */
async function findPython(what: string): Promise<{ interpreter: string; version: string }> {
  const interpreter = (await exists("/usr/bin/python3")) ? "/usr/bin/python3" : "python3";
  const script = "import sys, venv, ensurepip; print('.'.join(map(str, sys.version_info[:2])))";
  const result = await execa(interpreter, ["-c", script], { reject: false });
  const version = (result.stdout ?? "").trim();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (result.failed || major < 3 || (major === 3 && minor < 10)) {
    throw new MachineError(
      `Python 3.10 or newer with its venv module is needed for ${what} (${result.failed ? `${interpreter} has none` : `this is ${version}`}). ` +
        `Get it: apt-get install python3 python3-venv`,
    );
  }
  return { interpreter, version };
}
