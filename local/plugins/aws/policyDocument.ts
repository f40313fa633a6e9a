// When two policy documents say the same: the order of keys doesn't count, nor that of actions,
// resources and principals, and a list of one is the same as the one.
import { asText, isObject, isList } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";

const unordered = new Set([
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Principal",
  "NotPrincipal",
  "Condition",
]);

function canonical(value: Value, isSet: boolean): string {
  if (isList(value)) {
    const items = value.map((item) => canonical(item, isSet));
    return items.length === 1 ? items[0]! : `[${(isSet ? items.sort() : items).join(",")}]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, isSet || unordered.has(key))}`).join(",")}}`;
}

export function samePolicy(a: Value, b: Value): boolean {
  try {
    return (
      canonical(JSON.parse(asText(a)) as Value, false) ===
      canonical(JSON.parse(asText(b)) as Value, false)
    );
  } catch {
    return a === b;
  }
}

/**
 * The document that a service holds, in the words of the program while these mean the same: a
 * service may answer in another order.
 */
export const inWordsOf = (program: string, held: string): string =>
  samePolicy(program, held) ? program : held;

/** Says what is wrong with the text of a document. */
export function notJson(value: Value): string | undefined {
  try {
    return isObject(JSON.parse(asText(value)) as Value) ? undefined : "must be a JSON object";
  } catch {
    return "is not JSON";
  }
}

/** The SDK takes a document as an object too; the state has its text. */
export function asDocument(inputs: Properties, key: string): Properties {
  return isObject(inputs[key]) ? { ...inputs, [key]: JSON.stringify(inputs[key]) } : inputs;
}
