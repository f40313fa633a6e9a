import { execa } from "execa";

/** Where an engine's words go while it works, and what ends it. */
export interface EngineOptions {
  readonly signal?: AbortSignal | undefined;
  /** Each line that the CLI says. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Default: the environment of this process, in which `pulumi` is on PATH and logged in. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Standard output and error as they came. */
  readonly output: string;
  readonly interrupted: boolean;
  /** There is no such program. */
  readonly missing: boolean;
}

/**
 * Runs the Pulumi CLI and tells it of an interruption exactly once. It runs in a process group of
 * its own: a terminal sends Ctrl-C to the whole group and npm passes it on besides, and a second
 * SIGINT means "stop at once" to the engine, which would leave the stack locked and operations
 * pending. That, and that it selects the stack for the user and reads all secret outputs after each
 * update, is why the SDK's Automation API doesn't run it.
 */
export async function runCli(
  args: readonly string[],
  options: EngineOptions & { cwd: string; input?: string },
): Promise<CliResult> {
  const { signal, onLine, env = {}, cwd, input } = options;
  if (signal?.aborted)
    return { exitCode: 130, stdout: "", output: "", interrupted: true, missing: false };
  const child = execa("pulumi", [...args, "--non-interactive"], {
    cwd,
    // The CLI hides `--event-log` without the first.
    env: { ...env, PULUMI_DEBUG_COMMANDS: "true", PULUMI_SKIP_UPDATE_CHECK: "true" },
    ...(input === undefined ? { stdin: "ignore" } : { input }),
    all: true,
    reject: false,
    detached: true,
    cleanup: false,
    stripFinalNewline: false,
  });
  const interrupt = () => void child.kill("SIGINT");
  signal?.addEventListener("abort", interrupt, { once: true });
  if (onLine) {
    void (async () => {
      for await (const line of child.iterable({ from: "all" })) onLine(String(line));
    })().catch(() => undefined);
  }
  const result = await child;
  signal?.removeEventListener("abort", interrupt);
  return {
    exitCode: result.exitCode ?? 1,
    stdout: String(result.stdout ?? ""),
    output: String(result.all ?? result.message ?? ""),
    interrupted: signal?.aborted === true,
    missing: "code" in result && result.code === "ENOENT",
  };
}
