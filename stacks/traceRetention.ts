import { daysOf } from "./units.ts";

/** A removal without grace: a slip of the pen must not reach what was made this week. */
const range = { min: 7, max: 730 };

export const traceRetentionRange = `${range.min}d to ${range.max}d`;

export const isTraceRetention = (value: string): boolean => daysOf(value) >= range.min && daysOf(value) <= range.max;
