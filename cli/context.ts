import type { Command } from "commander";
import type { ExitCode } from "./exitCode.ts";
import type { Reporter } from "./progress.ts";
import type { Asker } from "./questions.ts";

/** What every verb gets. */
export interface Context extends Reporter {
  /** Folder of Pulumi.yaml. */
  readonly root: string;
  /** Aborted when the user or the pipeline ends the command. A running engine is then told once. */
  readonly signal: AbortSignal;
  /** Writes a result to standard output. Nothing else is written there. */
  readonly out: (text: string) => void;
  /** Asks the user. Undefined without a terminal. */
  readonly asker: Asker | undefined;
  /** Today (UTC), to which the bounds of dates are relative. */
  readonly today: string;
  readonly env: NodeJS.ProcessEnv;
  readonly streams: Pick<NodeJS.Process, "stdin" | "stdout" | "stderr">;
}

/** What a verb does. It gives the exit code, none is 0, or throws a `Refusal`. */
export type Work = () => Promise<ExitCode | void>;

/** Runs a verb's work and ends the command with its exit code. */
export type End = (work: Work) => Promise<void>;

/** Adds arguments, options and action to the command of a verb. */
export type Define = (
  command: Command,
  context: Context,
  end: End,
  /** The whole program, every verb with its options. */
  whole: () => Promise<Command>,
) => void;
