import { ExitCode } from "./exitCode.ts";

/** An expected error. Shown as its message, without a stack trace. */
export class Refusal extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.Wrong) {
    super(message);
    this.name = "Refusal";
    this.exitCode = exitCode;
  }
}

/** One message of a title and a line for each thing that is wrong. */
export const refusalOf = (title: string, lines: readonly string[]): Refusal =>
  new Refusal([title, ...lines.map((line) => `  ${line}`)].join("\n"));

/** The input may be right, but the engine, cluster or Git host did not do its part. */
export const failure = (message: string): Refusal => new Refusal(message, ExitCode.Failed);
