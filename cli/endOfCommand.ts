import { CommanderError } from "commander";
import { ExitCode } from "./exitCode.ts";
import { Refusal } from "./refusal.ts";

/** An error as an exit code and text. Commander has written its own text by then. */
export function endOf(error: unknown, signal?: AbortSignal): { exitCode: ExitCode; text?: string } {
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? ExitCode.Done : ExitCode.Wrong };
  const own = error instanceof Refusal ? error.exitCode : ExitCode.Failed;
  return { exitCode: signal?.aborted ? ExitCode.Interrupted : own, text: textOf(error) };
}

function textOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  // A defect of ours shows where it came from.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
