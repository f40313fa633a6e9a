import { daysOf } from "./units.ts";

/** A removal without grace: a slip of the pen must not reach what was made this week. */
const widest = { min: "7d", max: "730d" };

export const traceRetentionRange = `${widest.min} to ${widest.max}`;

const isWithin = (value: string, { min, max }: typeof widest): boolean => daysOf(value) >= daysOf(min) && daysOf(value) <= daysOf(max);

export const isTraceRetention = (value: string): boolean => isWithin(value, widest);

/** What is wrong with an instance's; `bounds`: those of its environment. */
export function traceRetentionProblem(value: string | undefined, bounds: typeof widest | undefined): string | undefined {
  if (value === undefined || (isTraceRetention(value) && isWithin(value, bounds ?? widest))) return undefined;
  if (!isTraceRetention(value) || bounds === undefined) return `is ${value}, outside ${traceRetentionRange}`;
  return `is ${value}, outside ${bounds.min} to ${bounds.max}, the bounds of the environment`;
}
