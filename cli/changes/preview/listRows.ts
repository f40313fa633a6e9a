import { isDeepStrictEqual } from "node:util";
import { identitiesOf, pairedByIdentity, pairedByPosition } from "./listElements.ts";
import { isObject, isSealed, keyText, type Segment } from "./values.ts";

/** A value inside a list, as the reader finds it and as the engine does. */
interface Place {
  readonly path: string;
  readonly old: readonly Segment[];
  readonly new: readonly Segment[];
}

export interface ListRow extends Place {
  /** Undefined: it is added. */
  readonly before: unknown;
  /** Undefined: it is removed. */
  readonly after: unknown;
}

/** Whether the engine reports a change at these segments, around them or below them. */
type Reported = (segments: readonly Segment[]) => boolean;

/**
 * The changes in a list. The engine compares lists by index, so that one added element changes
 * every later one.
 */
export function rowsOfList(
  path: string,
  segments: readonly Segment[],
  lists: { readonly old: readonly unknown[]; readonly new: readonly unknown[] },
  reported: Reported,
): ListRow[] {
  return ofLists({ path, old: segments, new: segments }, lists.old, lists.new, reported);
}

function rowsAt(place: Place, before: unknown, after: unknown, reported: Reported): ListRow[] {
  // Sealed values look the same: only the engine knows whether they differ.
  if (isSealed(before) && isSealed(after))
    return reported(place.old) || reported(place.new) ? [{ ...place, before, after }] : [];
  if (Array.isArray(before) && Array.isArray(after)) return ofLists(place, before, after, reported);
  if (isObject(before) && isObject(after) && !isSealed(before) && !isSealed(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      rowsAt(
        {
          path: place.path + keyText(key),
          old: [...place.old, key],
          new: [...place.new, key],
        },
        before[key],
        after[key],
        reported,
      ),
    );
  }
  return isDeepStrictEqual(before, after) ? [] : [{ ...place, before, after }];
}

function ofLists(
  place: Place,
  before: readonly unknown[],
  after: readonly unknown[],
  reported: Reported,
): ListRow[] {
  const list = String(place.new.findLast((segment) => typeof segment === "string"));
  const [had, has] = [identitiesOf(list, before), identitiesOf(list, after)];
  const identified = had !== undefined && has !== undefined;
  const pairs = identified ? pairedByIdentity(had, has) : pairedByPosition(before, after);
  const rows = pairs.flatMap((pair) => {
    const [old, next] = [pair.old ?? -1, pair.new ?? -1];
    const label = (identified ? (has[next] ?? had[old]) : undefined) ?? pair.new ?? old;
    return rowsAt(
      {
        path: `${place.path}[${label}]`,
        old: [...place.old, old],
        new: [...place.new, next],
      },
      before[old],
      after[next],
      reported,
    );
  });
  return identified ? [...rows, ...ofOrder(place, had, has)] : rows;
}

/** Elements that stay, in another order: that, too, makes a Deployment restart. */
function ofOrder(place: Place, had: readonly string[], has: readonly string[]): ListRow[] {
  const before = had.filter((identity) => has.includes(identity));
  const after = has.filter((identity) => had.includes(identity));
  const moved = (order: readonly string[], other: readonly string[]): string =>
    order
      .slice(
        order.findIndex((identity, at) => identity !== other[at]),
        order.findLastIndex((identity, at) => identity !== other[at]) + 1,
      )
      .join(", ");
  if (isDeepStrictEqual(before, after)) return [];
  return [
    {
      ...place,
      path: `${place.path} (order)`,
      before: moved(before, after),
      after: moved(after, before),
    },
  ];
}
