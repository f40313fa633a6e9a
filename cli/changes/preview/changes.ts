import type { Step, StepState } from "../engineEvents.ts";
import { logicalNameOf, type OwnerOf } from "./owners.ts";
import { propertiesOf, type PropertyChange } from "./propertyChanges.ts";

export type ChangeKind = "created" | "updated" | "replaced" | "deleted";

/** What an update does to one resource. */
export interface ResourceChange {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Undefined: the environment's. */
  readonly instance: string | undefined;
  readonly kind: ChangeKind;
  readonly properties: readonly PropertyChange[];
  readonly before: StepState | undefined;
  readonly after: StepState | undefined;
}

const kinds: Partial<Record<Step["op"], ChangeKind>> = {
  create: "created",
  import: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  "create-replacement": "replaced",
  "delete-replaced": "replaced",
  "import-replacement": "replaced",
};

/** What goes comes first: a table may be cut at its end. */
const order: readonly ChangeKind[] = ["deleted", "replaced", "updated", "created"];

/**
 * The steps as changes: the two or three steps of a replacement are one, and what stays as it is,
 * is none.
 */
export function changesOf(steps: readonly Step[], ownerOf: OwnerOf): ResourceChange[] {
  const changes = new Map<string, ResourceChange>();
  for (const step of steps) {
    const kind =
      kinds[step.op] ?? (step.op === "same" && guardsOf(step).length > 0 ? "updated" : undefined);
    if (kind === undefined || !isReal(step)) continue;
    const known = changes.get(step.urn);
    const differs = kind === "updated" || step.op === "replace" || step.op === "create-replacement";
    const properties = differs ? [...propertiesOf(step), ...guardsOf(step)] : [];
    changes.set(step.urn, {
      urn: step.urn,
      type: step.type,
      name: logicalNameOf(step.urn),
      instance: ownerOf(step.urn),
      kind,
      properties: properties.length > 0 ? properties : (known?.properties ?? []),
      before: known?.before ?? step.old,
      after: known?.after ?? step.new,
    });
  }
  return [...changes.values()].sort(
    (a, b) =>
      order.indexOf(a.kind) - order.indexOf(b.kind) ||
      (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1),
  );
}

// A component is a name for its parts; the engine's built-in provider stands for reading the
// stack's own outputs.
export const isReal = ({ type, old, new: next }: Step): boolean =>
  (next ?? old)?.custom === true && type !== "pulumi:providers:pulumi";

/**
 * The engine's guards are no properties: a step that changes nothing else is even called `same`.
 */
export function guardsOf({ old, new: next }: Step): PropertyChange[] {
  if (old === undefined || next === undefined) return [];
  return (["protect", "retainOnDelete"] as const).flatMap((guard) => {
    const [before, after] = [old[guard] === true, next[guard] === true];
    return before === after
      ? []
      : [{ path: guard, old: String(before), new: String(after), replaces: false }];
  });
}
