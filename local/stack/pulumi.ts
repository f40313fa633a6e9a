import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa, type Options } from "execa";
import type { PulumiTools } from "../toolchain/pulumi.ts";
import type { Project } from "./project.ts";

/**
 * The executable and the variables that it needs, plugins included; plain data, so that it can be
 * handed to another process.
 */
export type Cli = Pick<PulumiTools, "cliPath" | "env">;

/** The Pulumi CLI bound to one project, one state folder and one passphrase. */
export interface Pulumi {
  readonly project: Project;
  readonly stateFolder: string;
  readonly cli: Cli;
  /** Variables of every call, for a caller that starts the CLI by itself. */
  readonly env: Record<string, string>;
  /** Runs the CLI and returns what it printed; an error carries the CLI's own words. */
  run(
    args: readonly string[],
    options?: { input?: string; onLine?: (line: string) => void; timeout?: number },
  ): Promise<string>;
}

/**
 * The passphrase is made once for a state folder; it is handed to the CLI as a file, so that it is
 * in no argument and no environment.
 */
async function passphraseFile(stateFolder: string): Promise<string> {
  const path = join(stateFolder, "passphrase");
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  await writeFile(path, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  if ((await readFile(path, "utf8")) === "")
    await writeFile(path, randomBytes(24).toString("base64url"), { mode: 0o600 });
  return path;
}

export async function openPulumi(cli: Cli, project: Project, stateFolder: string): Promise<Pulumi> {
  const backend = join(stateFolder, "backend");
  await mkdir(backend, { recursive: true, mode: 0o700 });
  const env = {
    ...cli.env,
    // Beside each file the backend would write one of attributes, which a kill can leave empty; the
    // state could then not be read any more.
    PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE_FILE: await passphraseFile(stateFolder),
  };
  return {
    project,
    stateFolder,
    cli,
    env,
    async run(args, { input, onLine, timeout } = {}) {
      const options = {
        cwd: project.folder,
        env,
        all: true,
        reject: false,
        ...(input === undefined ? { stdin: "ignore" } : { input }),
        ...(timeout === undefined ? {} : { timeout }),
      } satisfies Options;
      const child = execa(cli.cliPath, [...args, "--non-interactive"], options);
      if (onLine) {
        void (async () => {
          for await (const line of child.iterable({ from: "all" })) onLine(String(line));
        })().catch(() => undefined);
      }
      const result = await child;
      if (result.failed) throw new PulumiError(args, String(result.all ?? result.message));
      return String(result.stdout);
    },
  };
}

export class PulumiError extends Error {
  readonly output: string;
  constructor(args: readonly string[], output: string) {
    super(`pulumi ${args.join(" ")} failed:\n${output}`);
    this.name = "PulumiError";
    this.output = output;
  }
}
