import type { Step, StepState } from "../engineEvents.ts";
import { logicalNameOf, type OwnerOf } from "./owners.ts";
import { asObject, readablePath, secretText, segmentsOf, show, valueAt } from "./values.ts";

export type ChangeKind = "created" | "updated" | "replaced" | "deleted";

/** One property that changes; never a secret's value. */
export interface PropertyChange {
  readonly path: string;
  readonly old?: string | undefined;
  readonly new?: string | undefined;
  /** The resource is replaced because of it. */
  readonly replaces: boolean;
}

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
const isReal = ({ type, old, new: next }: Step): boolean =>
  (next ?? old)?.custom === true && type !== "pulumi:providers:pulumi";

/**
 * The engine's guards are no properties: a step that changes nothing else is even called `same`.
 */
function guardsOf({ old, new: next }: Step): PropertyChange[] {
  if (old === undefined || next === undefined) return [];
  return (["protect", "retainOnDelete"] as const).flatMap((guard) => {
    const [before, after] = [old[guard] === true, next[guard] === true];
    return before === after
      ? []
      : [{ path: guard, old: String(before), new: String(after), replaces: false }];
  });
}

function propertiesOf(step: Step): PropertyChange[] {
  const { old, new: next, detailedDiff, diffs, keys = [] } = step;
  const paths = Object.keys(detailedDiff ?? {});
  const changed =
    paths.length > 0 ? paths : (diffs ?? differing(asObject(old?.inputs), asObject(next?.inputs)));
  const made = changed.map((path): PropertyChange => {
    const segments = segmentsOf(path);
    const kind = detailedDiff?.[path]?.diffKind as string | undefined;
    const read = (...states: unknown[]): string | undefined => {
      if (isSecretData(step.type, segments)) return secretText;
      return show(
        states.map((state) => valueAt(state, segments)).find((value) => value !== undefined),
      );
    };
    return {
      path: readablePath(segments, [next?.inputs, old?.inputs]),
      old: kind?.startsWith("add") === true ? undefined : read(old?.inputs, old?.outputs),
      new: kind?.startsWith("delete") === true ? undefined : read(next?.inputs),
      replaces: kind?.endsWith("replace") === true || keys.includes(path),
    };
  });
  return made.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const differing = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => key !== "__defaults" && JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );

// Whoever declares a Secret without marking its data as secret shall not see it on a page.
const isSecretData = (type: string, [first]: readonly (string | number)[]): boolean =>
  type === "kubernetes:core/v1:Secret" && (first === "data" || first === "stringData");
