import { orUnknown } from "./unknown.ts";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/**
 * Writes what differs into the properties themselves. A remedy makes a copy, in which the SDK's
 * guards have unwrapped every secret that it touched; written through the same guards, a secret
 * stays one. What a preview can't know no remedy has changed.
 */
export function writeInto(
  properties: Record<string, unknown>,
  wanted: Record<string, unknown>,
): void {
  for (const key of Object.keys(wanted)) {
    const want = orUnknown(() => ({ value: wanted[key] }));
    const is = orUnknown(() => ({ value: properties[key] }));
    if (want === undefined) continue;
    if (isObject(is?.value) && isObject(want.value)) writeInto(is.value, want.value);
    else if (is?.value !== want.value) properties[key] = want.value;
  }
}
