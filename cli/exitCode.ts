/** The exit codes of every verb, so that a pipeline can tell them apart. */
export const ExitCode = {
  Done: 0,
  Failed: 1,
  Wrong: 2,
  PolicyViolated: 3,
  Destructive: 4,
  Drift: 5,
  Left: 6,
  Locked: 7,
  Ending: 8,
  /** Ctrl-C, as shells count it. */
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The meaning of each code, as `--help` and docs/commands.md show it. */
export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  [ExitCode.Done]: "success",
  [ExitCode.Failed]: "error of the engine, cluster, database, object store or Git host",
  [ExitCode.Wrong]: "invalid input: an argument, a file or a setting; a retry gives the same error",
  [ExitCode.PolicyViolated]: "a mandatory policy is violated",
  [ExitCode.Destructive]: "the change would lose data and is not confirmed",
  [ExitCode.Drift]: "drift: the deployed resources differ from the last update or the files",
  [ExitCode.Left]: "incomplete: run it again",
  [ExitCode.Locked]: "another run holds the lock",
  [ExitCode.Ending]: "a token is over, ends soon or is unused",
  [ExitCode.Interrupted]: "interrupted",
};

/** A line for each code. */
export const exitCodeLines = (): string[] =>
  Object.entries(exitCodeMeanings).map(([code, meaning]) => `${code.padStart(5)}  ${meaning}`);
