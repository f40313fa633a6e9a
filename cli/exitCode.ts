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
  /** Ctrl-C, as shells count it. */
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The meaning of each code, as `--help` and docs/commands.md show it. */
export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  [ExitCode.Done]: "done, and nothing to object to",
  [ExitCode.Failed]: "failed: the engine, cluster, database, store or Git host did not do its part",
  [ExitCode.Wrong]: "wrong input: an argument, a file or a setting; another try gives the same",
  [ExitCode.PolicyViolated]: "a mandatory policy is violated",
  [ExitCode.Destructive]: "data would be lost without the confirmation that this needs",
  [ExitCode.Drift]: "what runs differs from what was deployed",
  [ExitCode.Left]: "something was left, and is to be done again",
  [ExitCode.Locked]: "another run holds the lock",
  [ExitCode.Interrupted]: "interrupted",
};

/** A line for each code. */
export const exitCodeLines = (): string[] =>
  Object.entries(exitCodeMeanings).map(([code, meaning]) => `${code.padStart(5)}  ${meaning}`);
