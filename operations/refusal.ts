/** What a command ends with. The first five are the container's own codes, which these commands pass on. */
export const ExitCode = {
  Done: 0,
  /** Database, store or cluster didn't do their part; worth another try. */
  CouldNotWork: 1,
  /** Wrong settings, arguments or id; another try gives the same. */
  Wrong: 2,
  /** Something was left. */
  Left: 3,
  /** Another maintenance command holds the instance's lock. */
  Locked: 4,
  /** Ctrl-C, as shells count it. */
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An end that is the user's to know about and not a defect: shown as its message alone. */
export class Refusal extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.Wrong) {
    super(message);
    this.exitCode = exitCode;
  }
}
