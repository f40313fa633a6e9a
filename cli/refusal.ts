/** Ctrl-C, as shells count it. */
export const interrupted = 130;

/** An end that is the user's to know about and not a defect: shown as its message alone. */
export class Refusal extends Error {
  /** What the command ends with; undefined: what its command line ends with on wrong input. */
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode?: number) {
    super(message);
    this.name = "Refusal";
    this.exitCode = exitCode;
  }
}

/** One message of a title and a line for each thing that is wrong. */
export const refusalOf = (title: string, lines: readonly string[]): Refusal =>
  new Refusal([title, ...lines.map((line) => `  ${line}`)].join("\n"));
