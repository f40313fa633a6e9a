import * as proxy from "@pulumi/policy/proxy.js";

// The SDK throws it at every look at a value that a preview can't know. It is exported and, marked internal, left out of the declared types.
interface UnknownValueError extends Error {
  readonly props: readonly (string | symbol)[];
}
const { UnknownValueError } = proxy as unknown as { UnknownValueError: new (...args: never[]) => UnknownValueError };

/** The value, or undefined where it isn't known; then `note` gets the way to it. */
export function orUnknown<T>(read: () => T, note: (path: string) => void = () => undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    note(unknownPathOf(error));
    return undefined;
  }
}

/** The way to the unknown value that this error tells of; throws any other error. */
export function unknownPathOf(error: unknown): string {
  if (!(error instanceof UnknownValueError)) throw error;
  return error.props.map(String).join(".");
}
