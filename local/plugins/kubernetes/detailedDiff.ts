// The difference between a live object and new inputs, property by property, in the official
// provider's terms.
import type { PropertyDiff } from "../shared/provider.ts";
import { isList, isObject, sameValue, Unknown } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import { at } from "./objects.ts";
import { formatPath } from "./propertyPaths.ts";
import type { Path } from "./propertyPaths.ts";

/**
 * Does a change at `path` to `value` touch the field that replaces the object? Either may lie below
 * the other.
 */
function touches(field: string[], path: Path, value: Value | undefined): boolean {
  const keys = path.filter((step) => typeof step === "string");
  const shared = Math.min(field.length, keys.length);
  for (let i = 0; i < shared; i++) if (field[i] !== keys[i]) return false;
  return keys.length >= field.length || at(value, ...field.slice(keys.length)) !== undefined;
}

export function detailedDiff(
  old: Properties,
  news: Properties,
  replacedBy: readonly string[],
): Record<string, PropertyDiff> {
  const fields = replacedBy.map((field) => field.split("."));
  const result: Record<string, PropertyDiff> = {};

  const add = (kind: "add" | "update" | "delete", path: Path, value: Value | undefined): void => {
    const replaces = fields.some((field) => touches(field, path, value));
    // A removal is a difference of the inputs; all else is one between the live object and the
    // inputs.
    result[formatPath(path)] = {
      kind: replaces ? `${kind}-replace` : kind,
      inputDiff: kind === "delete",
    };
  };

  const compare = (path: Path, before: Value | undefined, after: Value | undefined): void => {
    if (after === undefined)
      return before === undefined ? undefined : add("delete", path, undefined);
    if (before === undefined) return add("add", path, after);
    if (after instanceof Unknown) return add("update", path, undefined);
    if (isObject(before) && isObject(after)) {
      for (const key of new Set([...Object.keys(after), ...Object.keys(before)]))
        compare([...path, key], before[key], after[key]);
    } else if (isList(before) && isList(after)) {
      for (let i = 0; i < Math.max(before.length, after.length); i++)
        compare([...path, i], before[i], after[i]);
    } else if (!sameValue(before, after)) add("update", path, after);
  };

  for (const key of new Set([...Object.keys(news), ...Object.keys(old)]))
    compare([key], old[key], news[key]);
  return result;
}
