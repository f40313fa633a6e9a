import { interrupted } from "./refusal.ts";

/** What a delivery command ends with; a pipeline can tell the four apart. */
export const ExitCode = {
  Clean: 0,
  /** Wrong arguments or input, no engine, a failed change. */
  Error: 1,
  /** A mandatory policy is violated. */
  PolicyViolation: 2,
  /** Data would go without the confirmation that this needs. */
  Destructive: 3,
  /** What runs differs from what was deployed. */
  Drift: 4,
  Interrupted: interrupted,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
