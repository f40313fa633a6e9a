// The live object cut down to the shape of the inputs that made it: what the cluster filled in is
// no difference.
import { isList, isObject } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";

function shape(value: Value | undefined): string {
  if (isList(value)) return "array";
  return value === null ? "null" : isObject(value) ? "object" : typeof value;
}

export function prune(live: Properties, inputs: Properties): Properties {
  const result: Properties = {};
  for (const [key, value] of Object.entries(live)) {
    const wanted = inputs[key];
    if (wanted === undefined) continue;
    if (isObject(value) && isObject(wanted)) result[key] = prune(value, wanted);
    else if (isList(value) && isList(wanted)) result[key] = pruneList(value, wanted);
    else result[key] = value;
  }
  return result;
}

function pruneList(live: Value[], inputs: Value[]): Value[] {
  if (live.length === 0 || inputs.length === 0) return [];
  if (shape(live[0]) !== shape(inputs[0])) return live;
  return live.slice(0, inputs.length).map((value, index) => {
    const wanted = inputs[index];
    if (isObject(value) && isObject(wanted)) return prune(value, wanted);
    return isList(value) && isList(wanted) ? pruneList(value, wanted) : value;
  });
}

function isZero(value: Value): boolean {
  if (value === false || value === 0 || value === "") return true;
  if (isList(value)) return value.length === 0;
  return isObject(value) && Object.values(value).every(isZero);
}

/**
 * The API server leaves out fields with their type's zero value (`readOnly: false`, an empty list),
 * so such an input that is missing in the live object is there after all.
 */
export function restoreZeros(pruned: Properties, inputs: Properties): void {
  for (const [key, wanted] of Object.entries(inputs)) {
    const value = pruned[key];
    if (value === undefined && isZero(wanted)) pruned[key] = wanted;
    else if (isObject(value) && isObject(wanted)) restoreZeros(value, wanted);
    else if (isList(value) && isList(wanted)) {
      value.forEach((item, index) => {
        const wantedItem = wanted[index];
        if (isObject(item) && isObject(wantedItem)) restoreZeros(item, wantedItem);
      });
    }
  }
}
