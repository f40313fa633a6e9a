// How a message shows a wrong value.

/**
 * Short, quoted form of a wrong value for a message. A long text, or an address with a login in it,
 * might be something that must not be printed.
 */
export function show(value: unknown): string {
  if (typeof value === "string") {
    if (/\/\/[^/\s]*@/.test(value)) return "an address with a login in it";
    return value.length > 63 ? `a text of ${value.length} characters` : JSON.stringify(value);
  }
  if (value === null) return "empty";
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "a mapping";
  return JSON.stringify(value);
}

/** The error of a schema whose value is missing or is not what this says. */
export const expected =
  (what: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? "is missing" : `is ${show(input)}; expected ${what}`;

/** A reason of the component, which begins with "must", behind the value that it is about. */
export const withValue = (value: unknown, reason: string): string =>
  reason.startsWith("must ") && ["string", "number"].includes(typeof value)
    ? `is ${show(value)}, but ${reason}`
    : reason;
