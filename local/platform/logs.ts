import { stat } from "node:fs/promises";
import { execa } from "execa";
import { profilePaths, type Profile } from "../paths.ts";
import { lastLines, logPath } from "./processes.ts";
import { serviceNames } from "./services.ts";

export interface LogOptions {
  /** Goes on with what is written from now, until the command is interrupted. */
  readonly follow?: boolean;
  /** Lines from the end of each log; 100 when left out. */
  readonly lines?: number;
}

/** Writes the log of one service, or of all of them with their names, to the standard output. */
export async function platformLogs(
  profile: Profile,
  service: string | undefined,
  { follow = false, lines = 100 }: LogOptions = {},
): Promise<void> {
  if (service !== undefined && !serviceNames.includes(service)) {
    throw new Error(
      `The embedded platform has no service "${service}". Its services: ${serviceNames.join(", ")}`,
    );
  }
  const paths = profilePaths(profile);
  const files: string[] = [];
  for (const name of service === undefined ? serviceNames : [service]) {
    const path = logPath(paths, name);
    if (
      await stat(path).then(
        () => true,
        () => false,
      )
    )
      files.push(path);
  }
  if (files.length === 0) {
    throw new Error(
      `There is no log${service === undefined ? "" : ` of ${service}`} of the platform "${profile}" yet: it has not been started.`,
    );
  }
  if (follow) {
    await execa("tail", ["--follow=name", "--retry", `--lines=${lines}`, ...files], {
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      reject: false,
    });
    return;
  }
  for (const [index, path] of files.entries()) {
    if (files.length > 1) process.stdout.write(`${index === 0 ? "" : "\n"}==> ${path} <==\n`);
    for (const line of await lastLines(path, lines)) process.stdout.write(`${line}\n`);
  }
}
