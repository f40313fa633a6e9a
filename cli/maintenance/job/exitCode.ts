import { interrupted } from "../../refusal.ts";
import type { Ends } from "../../run.ts";

/**
 * What a command ends with. The first five are the container's own codes, which these commands pass
 * on.
 */
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
  Interrupted: interrupted,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const ends: Ends = { wrong: ExitCode.Wrong, defect: ExitCode.CouldNotWork };
