import { CommanderError, type Command } from "commander";
import { interrupted, Refusal } from "./refusal.ts";

/** What a command line ends with when a command throws. */
export interface Ends {
  /** Wrong input; wrong arguments, too. */
  readonly wrong: number;
  /** Anything that is no refusal: a defect of ours, or of what we stand on. */
  readonly defect: number;
}

/** An error as an exit code and words; commander has said its own by then. */
export function endOf(
  error: unknown,
  ends: Ends,
  signal?: AbortSignal,
): { exitCode: number; words?: string } {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : ends.wrong };
  const own = error instanceof Refusal ? (error.exitCode ?? ends.wrong) : ends.defect;
  return { exitCode: signal?.aborted ? interrupted : own, words: wordsOf(error) };
}

function wordsOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  // A defect of ours shows where it came from.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Runs the command that was typed and sets the exit code of what it throws; commander throws, too
 * (`exitOverride`).
 */
export async function run(
  program: Command,
  ends: Ends,
  say: (words: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    const { exitCode, words } = endOf(error, ends, signal);
    process.exitCode = exitCode;
    if (words !== undefined) say(words);
  }
}
