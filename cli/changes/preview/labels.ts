import type { StepState } from "../engineEvents.ts";
import type { ResourceChange } from "./changes.ts";
import { asObject, show, valueAt } from "./values.ts";

/** A label, or a tag with the same name, that changes on resources of an instance. */
export interface LabelChange {
  readonly label: string;
  /** Undefined: it is added. */
  readonly old?: string | undefined;
  /** Undefined: it is removed. */
  readonly new?: string | undefined;
}

/** Each change of a label once, although most resources of an instance have that label. */
export function labelChangesOf(changes: readonly ResourceChange[]): LabelChange[] {
  const all = changes
    .filter(({ kind }) => kind === "updated" || kind === "replaced")
    .flatMap(({ before, after }) => {
      const [had, has] = [labelsOf(before), labelsOf(after)];
      return [...new Set([...Object.keys(had), ...Object.keys(has)])].flatMap((label) => {
        const change = { label, old: show(had[label]), new: show(has[label]) };
        return change.old === change.new ? [] : [[JSON.stringify(change), change] as const];
      });
    });
  return [...new Map(all)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
}

const labelsOf = (state: StepState | undefined): Record<string, unknown> =>
  asObject(valueAt(state?.inputs, ["metadata", "labels"]) ?? valueAt(state?.inputs, ["tags"]));
