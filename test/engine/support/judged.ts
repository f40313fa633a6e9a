import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

/** What a rule said of a resource. */
export interface Verdict {
  readonly policyName: string;
  readonly enforcementLevel: string;
  readonly message: string;
  readonly resourceUrn?: string;
}

export interface Judged {
  readonly verdicts: readonly Verdict[];
  /** Everything else that the CLI said. */
  readonly output: string;
}

/** The verdicts in the engine's events, one JSON object in a line. */
const verdictsIn = (events: string): Verdict[] =>
  events
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .flatMap((line) => (JSON.parse(line) as { policyEvent?: Verdict }).policyEvent ?? []);

interface Cli {
  readonly path: string;
  readonly env: Record<string, string>;
  readonly folder: string;
}

const run = (
  { path, env, folder }: Cli,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> =>
  new Promise((resolve) =>
    execFile(
      path,
      [...args, "--non-interactive"],
      // The option for events is one of those that are hidden without it.
      {
        cwd: folder,
        env: { ...process.env, ...env, PULUMI_DEBUG_COMMANDS: "true" },
        maxBuffer: 256 * 1024 * 1024,
      },
      // A violation is an exit code, too: what was said is what counts.
      (_error, stdout, stderr) => resolve({ stdout, stderr }),
    ),
  );

/** The engine judges a stack's state, without a program. */
export async function analyzed(cli: Cli, state: string, packs: readonly string[]): Promise<Judged> {
  const { stdout, stderr } = await run(cli, [
    "policy",
    "analyze",
    "--file",
    state,
    "--json",
    ...packs,
  ]);
  return { verdicts: verdictsIn(stdout), output: stderr };
}

/** The engine runs a program, and judges what it would make. */
export async function previewed(
  cli: Cli,
  eventLog: string,
  args: readonly string[],
): Promise<Judged> {
  const { stdout, stderr } = await run(cli, ["preview", "--event-log", eventLog, ...args]);
  const events = await readFile(eventLog, "utf8");
  return { verdicts: verdictsIn(events), output: stdout + stderr };
}

const named = (verdicts: readonly Verdict[], isPutOff: boolean): string[] =>
  [
    ...new Set(
      verdicts
        .filter(({ message }) => /^Not known in a preview: /m.test(message) === isPutOff)
        .map((each) => each.policyName),
    ),
  ].sort();

/** Names of the rules that are broken, those that advise included. */
export const brokenRules = ({ verdicts }: Judged): string[] => named(verdicts, false);

/** Names of the rules that put something off. */
export const putOff = ({ verdicts }: Judged): string[] => named(verdicts, true);
