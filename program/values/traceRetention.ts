import { bounds, inDays, isWithin } from "@mlflow-instances/components/internal";
import { daysOf } from "./units.ts";

export const traceRetentionRange = inDays(bounds.traceRetention);

export const isTraceRetention = (value: string): boolean =>
  isWithin(daysOf(value), bounds.traceRetention);

/** Why an instance's breaks the bounds of its environment. The component has its own. */
export function traceRetentionProblem(
  value: string | undefined,
  own: { min: string; max: string } | undefined,
): string | undefined {
  if (
    value === undefined ||
    own === undefined ||
    !isTraceRetention(value) ||
    isWithin(daysOf(value), { least: daysOf(own.min), most: daysOf(own.max) })
  )
    return undefined;
  return `is ${value}, outside ${own.min} to ${own.max}, the bounds of the environment`;
}
