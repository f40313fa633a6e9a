import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExitCode } from "../exitCode.ts";
import { failure, Refusal } from "../refusal.ts";
import { readEventLog, type EngineEvents } from "./engineEvents.ts";
import { runCli, type CliResult, type EngineOptions } from "./engineProcess.ts";

export interface ChangeOptions {
  readonly refresh?: boolean;
  /** Default: true. */
  readonly policies?: boolean;
  /** What the backend's history says about the update. */
  readonly message?: string;
}

/**
 * What an operation of the engine came to; a failed one is told by its events, not by an exception.
 */
export interface EngineRun extends EngineEvents {
  readonly succeeded: boolean;
  readonly interrupted: boolean;
  /** What the CLI printed, for an error that is in no event. */
  readonly output: string;
}

/**
 * One stack of this project, worked on through the user's own Pulumi: backend, login and secrets
 * provider are what they are.
 */
export interface EngineStack {
  readonly name: string;
  /** The stack file's path. */
  readonly file: string;
  preview(options?: ChangeOptions): Promise<EngineRun>;
  up(options?: ChangeOptions): Promise<EngineRun>;
  /** What a refresh would find, in `results`; writes no state. */
  previewRefresh(): Promise<EngineRun>;
  /** Takes what is really there into the state; of the given resources alone, if there are any. */
  refresh(
    options?: Pick<ChangeOptions, "message"> & { readonly urns?: readonly string[] },
  ): Promise<EngineRun>;
  destroy(options?: Pick<ChangeOptions, "message">): Promise<EngineRun>;
  /** Any other command of the CLI with `--stack`; gives what it printed. */
  run(args: readonly string[], options?: { readonly input?: string }): Promise<string>;
}

/** The project's policy packs and their configuration, as options of the CLI. */
function policyArguments(root: string): string[] {
  const pack = join(root, "policies");
  const configuration = join(root, "stacks", "policies.json");
  if (!existsSync(join(pack, "PulumiPolicy.yaml"))) return [];
  return [
    "--policy-pack",
    pack,
    ...(existsSync(configuration) ? ["--policy-pack-config", configuration] : []),
  ];
}

const stackFileOf = (root: string, stack: string): string =>
  join(root, "stacks", `Pulumi.${stack}.yaml`);

/**
 * Opens a stack whose file is there; whether the backend knows it is said by the first operation.
 */
export async function openStack(
  root: string,
  name: string,
  options: EngineOptions = {},
): Promise<EngineStack> {
  const file = stackFileOf(root, name);
  if (!existsSync(file)) {
    const others = (await readdir(join(root, "stacks"))).flatMap(
      (entry) => /^Pulumi\.(.+)\.yaml$/.exec(entry)?.[1] ?? [],
    );
    throw new Refusal(
      `${name}: no such stack; there is no stacks/Pulumi.${name}.yaml (stacks with a file: ${others.sort().join(", ")})`,
    );
  }
  const cli = (
    args: readonly string[],
    { input, env }: { input?: string | undefined; env?: EngineOptions["env"] } = {},
  ): Promise<CliResult> =>
    runCli([...args, "--stack", name], {
      ...options,
      env: { ...options.env, ...env },
      cwd: root,
      ...(input === undefined ? {} : { input }),
    });
  const operate = (args: readonly string[], env?: EngineOptions["env"]): Promise<EngineRun> =>
    operation((more) => cli([...args, ...more], { env }), name);
  const change = ({ refresh = false, policies = true, message }: ChangeOptions): string[] => [
    "--suppress-outputs",
    ...(refresh ? ["--refresh", ...providersOfToday] : []),
    ...(policies ? policyArguments(root) : []),
    ...messageOf(message),
  ];
  return {
    name,
    file,
    preview: (chosen = {}) => operate(["preview", ...change(chosen)], asPreview),
    // An instance that fails stops only what depends on its failed part: the others go on. What was
    // to be deleted stays until an update succeeds: the program ends with an error when something
    // it waits for failed, and the engine then deletes nothing.
    up: (chosen = {}) =>
      operate(["up", "--yes", "--skip-preview", "--continue-on-error", ...change(chosen)]),
    previewRefresh: () =>
      operate(["refresh", "--preview-only", "--suppress-outputs", ...providersOfToday], asPreview),
    refresh: ({ message, urns = [] } = {}) =>
      operate([
        ...["refresh", "--yes", "--skip-preview", "--suppress-outputs", ...messageOf(message)],
        ...(urns.length === 0 ? [] : providersOfToday),
        ...urns.flatMap((urn) => ["--target", urn]),
      ]),
    destroy: ({ message } = {}) =>
      operate(["destroy", "--yes", "--skip-preview", "--suppress-outputs", ...messageOf(message)]),
    async run(args, { input } = {}) {
      const result = await cli(args, { input });
      if (result.exitCode !== 0) throw failureOf(name, result, `pulumi ${args.join(" ")}`);
      return result.stdout;
    },
  };
}

// A refresh asks with the providers as the state has them, and AWS changes the password of a
// database's administrator every week; the program knows today's.
const providersOfToday = ["--run-program"];

/**
 * With a backend of files or buckets the engine 3.274 serializes the whole state for each resource
 * of a preview and then discards it: for 100 new instances that is most of the time. An update must
 * never run like this, since its saved states are what a killed one leaves.
 */
const asPreview = { PULUMI_SKIP_CHECKPOINTS: "true" };

const messageOf = (message: string | undefined): string[] =>
  message === undefined ? [] : ["--message", message];

async function operation(
  run: (more: readonly string[]) => Promise<CliResult>,
  stack: string,
): Promise<EngineRun> {
  // Readable by this user only: it names everything that the stack has.
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-events-"));
  const log = join(folder, "events.jsonl");
  try {
    await writeFile(log, "", { mode: 0o600 });
    const result = await run(["--color", "never", "--event-log", log]);
    const events = await readEventLog(log);
    if (!events.started && !result.interrupted) throw failureOf(stack, result, "pulumi");
    return {
      ...events,
      succeeded: result.exitCode === 0,
      interrupted: result.interrupted,
      output: result.output,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function failureOf(
  stack: string,
  { output, interrupted, missing }: CliResult,
  what: string,
): Refusal {
  if (missing)
    return failure(
      "pulumi is not on PATH: install the Pulumi CLI and log in to your state backend (`pulumi login`).",
    );
  if (interrupted) return new Refusal(`${what}: interrupted`, ExitCode.Interrupted);
  const words = `${what} failed for stack ${stack}:\n${output.trim()}`;
  // Of a backend of files, and of Pulumi Cloud.
  if (/currently locked by|Another update is currently in progress/.test(output))
    return new Refusal(words, ExitCode.Locked);
  if (/no stack named .* found/.test(output)) {
    return new Refusal(
      `${stack}: the state backend knows no such stack; make it with \`pulumi stack init ${stack}\``,
    );
  }
  return failure(words);
}
