/** What a command ends with. */
export const ExitCode = {
  Done: 0,
  /** Wrong or missing input; nothing was written. */
  Wrong: 1,
  /** Ctrl-C, as shells count it. */
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An end that is the user's to know about and not a defect: shown as its message alone. */
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
