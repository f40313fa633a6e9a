import { spawn } from "node:child_process";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProfilePaths } from "../paths.ts";
import { sha256 } from "./fingerprint.ts";
import { enterArguments, hostProc, type Holder } from "./holder.ts";
import { endProcess, isAlive, type ProcessIdentity } from "./procfs.ts";

export interface StopSettings {
  readonly signal?: NodeJS.Signals;
  readonly timeoutMs?: number;
}

/** One long-running program of the platform. */
export interface ServiceDefinition {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Added to a bare environment; secrets may be here, never in `args`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Account that it runs as; root when left out. */
  readonly user?: string;
  /** All that it reads at start besides its arguments: a change restarts it. */
  readonly configuration?: readonly string[];
  readonly startTimeoutMs?: number;
}

/** Throws with the reason when the service does not answer as it should. */
export type HealthCheck = () => Promise<void>;

export interface ServiceContext {
  readonly stops: Readonly<Record<string, StopSettings>>;
  readonly paths: ProfilePaths;
  readonly holder: Holder;
  /** Content hash of a program. */
  readonly hashOf: (program: string) => Promise<string>;
}

export interface ServiceRecord extends ProcessIdentity {
  readonly hash: string;
}

/** Ten times what a start takes: two busy cores must not make a failure of it. */
const defaultStartTimeoutMs = 60_000;
const maxLogBytes = 16 * 1024 * 1024;

export const logPath = (paths: ProfilePaths, name: string): string =>
  join(paths.logs, `${name}.log`);
const recordFolder = (paths: ProfilePaths): string => join(paths.run, "services");

export function parseServiceRecord(text: string): ServiceRecord | undefined {
  const [pid, startTime, hash] = text.trim().split(" ");
  if (
    pid === undefined ||
    startTime === undefined ||
    hash === undefined ||
    !/^\d+$/.test(pid) ||
    !/^\d+$/.test(startTime)
  )
    return undefined;
  return { pid: Number(pid), startTime, hash };
}

/** The running process of a service, if it runs. */
export async function findService(
  paths: ProfilePaths,
  name: string,
): Promise<ServiceRecord | undefined> {
  const record = parseServiceRecord(
    await readFile(join(recordFolder(paths), name), "utf8").catch(() => ""),
  );
  return record !== undefined && (await isAlive(record)) ? record : undefined;
}

/** Two definitions with the same hash behave the same: such a process need not be restarted. */
export function definitionHash(definition: ServiceDefinition, fingerprint: string): string {
  const { program, args, env = {}, user = "root", configuration = [] } = definition;
  return sha256(
    JSON.stringify([
      fingerprint,
      basename(program),
      args,
      Object.entries(env).sort(),
      user,
      configuration,
    ]),
  );
}

/**
 * The service's own first step: it writes down who it is before it becomes the program, so that no
 * moment exists in which it runs unrecorded. The number in a process namespace differs from the
 * machine's; the machine's own /proc tells it.
 */
const launcher = [
  "record=$1; hash=$2; proc=$3; shift 3",
  'identity() { printf "%s %s %s\\n" "$1" "${22}" "$hash"; }',
  'read -r stat <"$proc/self/stat"',
  'identity $stat >"$record.draft" && mv "$record.draft" "$record"',
  'exec "$@"',
].join("\n");

export function launchArguments(
  definition: ServiceDefinition,
  holder: Holder,
  record: string,
  hash: string,
  proc: string,
): string[] {
  const account =
    definition.user === undefined
      ? []
      : ["setpriv", `--reuid=${definition.user}`, `--regid=${definition.user}`, "--init-groups"];
  return [
    ...enterArguments(holder),
    ...["setsid", "--fork", "sh", "-c", launcher, "launch", record, hash, proc],
    ...account,
    ...[definition.program, ...definition.args],
  ];
}

async function launch(
  definition: ServiceDefinition,
  context: ServiceContext,
  hash: string,
): Promise<void> {
  const { paths, holder } = context;
  await Promise.all([
    mkdir(recordFolder(paths), { recursive: true, mode: 0o700 }),
    mkdir(paths.logs, { recursive: true }),
  ]);
  const path = logPath(paths, definition.name);
  if (((await stat(path).catch(() => undefined))?.size ?? 0) > maxLogBytes)
    await rename(path, `${path}.1`);
  const record = join(recordFolder(paths), definition.name);
  await rm(record, { force: true });
  const log = await open(path, "a", 0o600);
  try {
    await log.appendFile(`--- start ${new Date().toISOString()}\n`);
    const child = spawn(
      "nsenter",
      launchArguments(definition, holder, record, hash, hostProc(paths)),
      {
        stdio: ["ignore", log.fd, log.fd],
        env: {
          PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          LANG: "C.UTF-8",
          HOME: paths.run,
          ...definition.env,
        },
        cwd: "/",
      },
    );
    const code = await new Promise<number | null>((resolve, reject) =>
      child.once("error", reject).once("exit", resolve),
    );
    if (code !== 0) throw new Error(await failure(definition, paths, "it could not be started"));
  } finally {
    await log.close();
  }
  for (
    const deadline = Date.now() + 10_000;
    !(await readFile(record, "utf8").catch(() => "")).includes(hash);
    await sleep(5)
  ) {
    if (Date.now() > deadline)
      throw new Error(await failure(definition, paths, "it could not be started"));
  }
}

/**
 * Makes the service run as defined: a running one with the same definition goes on, any other is
 * replaced. Returns when it answers.
 */
export async function ensureService(
  definition: ServiceDefinition,
  health: HealthCheck,
  context: ServiceContext,
): Promise<"adopted" | "started"> {
  const hash = definitionHash(definition, await context.hashOf(definition.program));
  const running = await findService(context.paths, definition.name);
  if (
    running !== undefined &&
    running.hash === hash &&
    (await becomesHealthy(definition, health, context.paths))
  )
    return "adopted";
  if (running !== undefined)
    await stopService(context.paths, definition.name, context.stops[definition.name]);
  await launch(definition, context, hash);
  await waitHealthy(definition, health, context.paths);
  return "started";
}

/** A running service may be starting or busy: it gets some time before it is replaced. */
async function becomesHealthy(
  definition: ServiceDefinition,
  health: HealthCheck,
  paths: ProfilePaths,
): Promise<boolean> {
  return await waitHealthy(
    {
      ...definition,
      startTimeoutMs: Math.min(definition.startTimeoutMs ?? defaultStartTimeoutMs, 15_000),
    },
    health,
    paths,
  ).then(
    () => true,
    () => false,
  );
}

export async function waitHealthy(
  definition: ServiceDefinition,
  health: HealthCheck,
  paths: ProfilePaths,
): Promise<void> {
  const limit = definition.startTimeoutMs ?? defaultStartTimeoutMs;
  const deadline = Date.now() + limit;
  // Asking is work too, and twelve services share the machine while they start.
  for (let pause = 40; ; pause = Math.min(pause * 1.4, 400)) {
    const reason = await health().then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (reason === undefined) return;
    if ((await findService(paths, definition.name)) === undefined) {
      throw new Error(await failure(definition, paths, "it ended by itself"));
    }
    if (Date.now() > deadline)
      throw new Error(
        await failure(definition, paths, `it was not ready after ${limit / 1000} s: ${reason}`),
      );
    await sleep(pause);
  }
}

export async function stopService(
  paths: ProfilePaths,
  name: string,
  { signal = "SIGTERM", timeoutMs = 10_000 }: StopSettings = {},
): Promise<void> {
  const running = await findService(paths, name);
  if (running !== undefined) await endProcess(running, signal, timeoutMs);
  await rm(join(recordFolder(paths), name), { force: true });
}

export async function lastLines(path: string, count: number): Promise<string[]> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const length = Math.min(size, 64 * 1024 + count * 256);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString("utf8").split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines.slice(-count);
  } finally {
    await file.close();
  }
}

/** The lines of the last start only: older ones would explain an older failure. */
export const sinceStart = (lines: readonly string[]): string[] =>
  lines.slice(lines.findLastIndex((line) => line.startsWith("--- start ")) + 1);

async function failure(
  { name }: ServiceDefinition,
  paths: ProfilePaths,
  what: string,
): Promise<string> {
  const path = logPath(paths, name);
  const lines = sinceStart(await lastLines(path, 200)).slice(-12);
  const said =
    lines.length === 0
      ? "It wrote nothing."
      : `Its last lines:\n${lines.map((line) => `  ${line.slice(0, 400)}`).join("\n")}`;
  return `Service ${name} of the embedded platform: ${what}. ${said}\nWhole log: ${path}`;
}
