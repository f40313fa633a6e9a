import type { Command } from "commander";
import type { ExitCode } from "./exitCode.ts";

/** What every command gets. */
export interface Context {
  /** Folder of Pulumi.yaml. */
  readonly root: string;
  /**
   * Aborted when the user or the pipeline ends the command; a running engine is told so by itself.
   */
  readonly signal: AbortSignal;
  /** Results go to standard output, and nothing else does. */
  readonly out: (text: string) => void;
  /** Progress, warnings: standard error. */
  readonly note: (line: string) => void;
}

/**
 * A command's action gives the exit code; it throws a `Refusal` for what the user has to put right.
 */
export type Register = (
  program: Command,
  context: Context,
  end: (action: () => Promise<ExitCode>) => Promise<void>,
) => void;
