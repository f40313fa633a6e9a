import type { EngineRun } from "../engine.ts";
import type { Step } from "../engineEvents.ts";
import { changesOf, type ChangeKind, type ResourceChange } from "../preview/changes.ts";
import { readFailures } from "../preview/failures.ts";
import { findOwners } from "../preview/owners.ts";
import type { PreviewReport } from "../preview/report.ts";
import type { Verdict } from "../preview/policies.ts";

/**
 * An object that is not as it should be. No values: one that was put there from outside may be a
 * secret that the engine does not know as one.
 */
export interface Difference {
  /** As the platform calls it, where that is known; else its logical name. */
  readonly name: string;
  readonly type: string;
  /** Undefined: the environment's. */
  readonly instance: string | undefined;
  readonly kind: ChangeKind;
  readonly properties: readonly string[];
}

/** How a stack, its program and what is really there differ. */
export interface Drift {
  /** Objects that were changed or removed since the last update. */
  readonly outside: readonly Difference[];
  /** The program says something else than the last update made of it. */
  readonly undeployed: readonly Difference[];
  /** What keeps the program from being deployed: instances whose files are gone. */
  readonly refused: readonly string[];
  /** Mandatory policies that what runs violates. */
  readonly violations: readonly Verdict[];
}

/** From a refresh that was only looked at, and a preview of the program over the state as it is. */
export function driftOf(
  refresh: Pick<EngineRun, "results">,
  preview: EngineRun,
  report: Pick<PreviewReport, "policies">,
): Drift {
  const violations = report.policies.filter(({ level }) => level === "mandatory");
  const { vanished } = readFailures(preview, violations.length > 0);
  // A program that refuses to go on has registered nothing; what the engine would delete then was
  // not asked for.
  const undeployed = vanished.size > 0 ? [] : differences(preview.steps);
  return {
    outside: differences(refresh.results),
    undeployed,
    refused: [...vanished.values()].sort(),
    violations,
  };
}

export const isClean = (drift: Drift): boolean =>
  Object.values(drift).every((part: readonly unknown[]) => part.length === 0);

function differences(steps: readonly Step[]): Difference[] {
  const ownerOf = findOwners(steps);
  return changesOf(steps, ownerOf).flatMap((change) => {
    const properties = change.properties.map(({ path }) => path);
    // A refresh also calls it an update when nothing but a status has moved on.
    if (change.kind === "updated" && properties.length === 0) return [];
    const { type, instance, kind } = change;
    return [{ type, instance, kind, properties, name: nameAtPlatform(change) }];
  });
}

/** `namespace/name` of a Kubernetes object, a bucket's name: what one looks for on the platform. */
function nameAtPlatform({ before, after, name, type }: ResourceChange): string {
  const id = before?.id || after?.id || "";
  return id !== "" && (type.startsWith("kubernetes:") || type.startsWith("aws:s3/")) ? id : name;
}
