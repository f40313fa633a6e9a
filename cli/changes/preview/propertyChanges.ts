import type { Step } from "../engineEvents.ts";
import { rowsOfList } from "./listRows.ts";
import {
  asObject,
  isKnown,
  isSealed,
  readablePath,
  secretText,
  segmentsOf,
  showBoth,
  unknownSecretText,
  valueAt,
  type Segment,
} from "./values.ts";

/** One property that changes; never a secret's value. */
export interface PropertyChange {
  readonly path: string;
  readonly old?: string | undefined;
  readonly new?: string | undefined;
  /** The resource is replaced because of it. */
  readonly replaces: boolean;
}

/** A path that the engine reports as changed. */
interface Reported {
  readonly path: string;
  readonly segments: readonly Segment[];
  readonly kind: string | undefined;
  readonly replaces: boolean;
}

/** The properties that a step changes, by path. */
export function propertiesOf(step: Step): PropertyChange[] {
  const all = reportedBy(step);
  const secret = unknownSecretData(step, all);
  const lists = Map.groupBy(all, ({ segments }) => listPath(step, segments));
  const rows = [...lists].flatMap(([list, reported]) => {
    const own = list === undefined ? [] : ofList(step, reported);
    // Where the inputs don't differ, the engine compares what is actually there.
    return own.length > 0
      ? own
      : reported
          .filter((each) => secret === undefined || !isData(each))
          .map((each) => ofPath(step, each));
  });
  return [...rows, ...(secret === undefined ? [] : [secret])].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
}

function reportedBy({ old, new: next, detailedDiff, diffs, keys = [] }: Step): Reported[] {
  const paths = Object.keys(detailedDiff ?? {});
  const changed =
    paths.length > 0 ? paths : (diffs ?? differing(asObject(old?.inputs), asObject(next?.inputs)));
  return changed.map((path) => {
    const kind = detailedDiff?.[path]?.diffKind as string | undefined;
    return {
      path,
      kind,
      segments: segmentsOf(path),
      replaces: kind?.endsWith("replace") === true || keys.includes(path),
    };
  });
}

const differing = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => key !== "__defaults" && JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );

function ofPath({ type, old, new: next }: Step, reported: Reported): PropertyChange {
  const { segments, kind, replaces } = reported;
  const read = (...states: unknown[]): unknown => {
    const value = states
      .map((state) => valueAt(state, segments))
      .find((found) => found !== undefined);
    if (isSecretData(type, segments))
      return isKnown(value) || isSealed(value) ? secretText : unknownSecretText;
    return value;
  };
  return {
    path: readablePath(segments, [next?.inputs, old?.inputs]),
    ...showBoth(
      kind?.startsWith("add") === true ? undefined : read(old?.inputs, old?.outputs),
      kind?.startsWith("delete") === true ? undefined : read(next?.inputs),
    ),
    replaces,
  };
}

/** Of Kubernetes' objects, whose lists it has both before and after, the outermost list's path. */
function listPath(
  { type, old, new: next }: Step,
  segments: readonly Segment[],
): string | undefined {
  const list = outermostList(segments);
  const isList = (state: Step["old"]): boolean => Array.isArray(valueAt(state?.inputs, list));
  return type.startsWith("kubernetes:") &&
    list.length < segments.length &&
    isList(old) &&
    isList(next)
    ? list.join("\0")
    : undefined;
}

const outermostList = (segments: readonly Segment[]): readonly Segment[] => {
  const index = segments.findIndex((segment) => typeof segment === "number");
  return index < 0 ? segments : segments.slice(0, index);
};

function ofList({ old, new: next }: Step, reported: readonly Reported[]): PropertyChange[] {
  const list = outermostList(reported[0]?.segments ?? []);
  const elements = (state: Step["old"]): unknown[] => valueAt(state?.inputs, list) as unknown[];
  const rows = rowsOfList(
    readablePath(list, []),
    list,
    { old: elements(old), new: elements(next) },
    (segments) => reported.some((each) => isAround(each.segments, segments)),
  );
  return rows.map(({ path, before, after, new: segments }) => ({
    path,
    ...showBoth(before, after),
    replaces: reported.some(
      (each) => each.replaces && isAround(each.segments.filter(isKey), segments.filter(isKey)),
    ),
  }));
}

// The engine's indexes are those of another comparison: whether a field replaces its object follows
// from its keys alone.
const isKey = (segment: Segment): boolean => typeof segment === "string";

/** Whether one of the two is inside the other, or they are the same. */
const isAround = (one: readonly Segment[], other: readonly Segment[]): boolean => {
  const length = Math.min(one.length, other.length);
  return one.slice(0, length).every((segment, at) => segment === other[at]);
};

// Data of a Secret is secret on a page even if the program did not mark it.
const isSecretData = (type: string, [first]: readonly Segment[]): boolean =>
  type === "kubernetes:core/v1:Secret" && (first === "data" || first === "stringData");

const isData = ({ segments: [first] }: Reported): boolean =>
  first === "data" || first === "stringData";

/**
 * The provider moves `stringData` into `data` once it knows every value. A preview that does not
 * know one reports `data` as deleted and `stringData` as added, although nothing is deleted.
 */
function unknownSecretData(
  { type, old, new: next }: Step,
  all: readonly Reported[],
): PropertyChange | undefined {
  const [before, after] = [asObject(old?.inputs), asObject(next?.inputs)];
  const moves =
    type === "kubernetes:core/v1:Secret" &&
    "data" in before &&
    !("stringData" in before) &&
    "stringData" in after &&
    !("data" in after);
  const reported = all.filter(isData);
  return !moves || reported.length === 0
    ? undefined
    : {
        path: "data",
        old: secretText,
        new: unknownSecretText,
        replaces: reported.some(({ replaces }) => replaces),
      };
}
