import type { EngineRun } from "../engine.ts";
import { guardsOf, isReal, type ResourceChange } from "./changes.ts";

/** Why Pulumi's own summary has another number of changed resources than the page. */
export interface PulumiCount {
  readonly count: number;
  /** Components, and the stack itself: Pulumi counts them as resources. */
  readonly components: number;
  /** Resources whose protection alone changes: Pulumi counts them as unchanged. */
  readonly protectionOnly: number;
}

const unchanged = new Set(["same", "read", "refresh"]);

/** Undefined where both numbers are the same, or the difference has another reason. */
export function pulumiCountOf(
  { steps, summary }: Pick<EngineRun, "steps" | "summary">,
  changes: readonly ResourceChange[],
): PulumiCount | undefined {
  const count = Object.entries(summary?.resourceChanges ?? {}).reduce(
    (sum, [op, times]) => sum + (unchanged.has(op) ? 0 : times),
    0,
  );
  const urnsOf = (chosen: typeof steps): number => new Set(chosen.map(({ urn }) => urn)).size;
  const components = urnsOf(steps.filter((step) => !unchanged.has(step.op) && !isReal(step)));
  const protectionOnly = urnsOf(
    steps.filter((step) => step.op === "same" && isReal(step) && guardsOf(step).length > 0),
  );
  if (components + protectionOnly === 0) return undefined;
  return count === changes.length + components - protectionOnly
    ? { count, components, protectionOnly }
    : undefined;
}
