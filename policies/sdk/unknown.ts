import type { PolicyResource } from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy.js";

// The SDK throws it at every look at a value that a preview can't know. It is exported and, marked
// internal, left out of the declared types.
interface UnknownValueError extends Error {
  readonly props: readonly (string | symbol)[];
}
const { UnknownValueError, unknownObjectValue } = proxy as unknown as {
  UnknownValueError: new (what: string, props: readonly string[]) => UnknownValueError;
  unknownObjectValue: string;
};

/** The value, or undefined where it isn't known; then `note` gets the way to it. */
export function orUnknown<T>(
  read: () => T,
  note: (path: string) => void = () => undefined,
): T | undefined {
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

const nothingKnown = new Proxy<Record<string, any>>(
  {},
  {
    get: (_nothing, key) => {
      throw new UnknownValueError(unknownObjectValue, [String(key)]);
    },
  },
);

/**
 * The resource, with unknown properties where it has none at all: while a provider waits for a
 * value (the address of a database server that is yet to be made), the engine asks it nothing and
 * tells a stack rule of each of its resources that it is there, and no more.
 */
export function asFarAsKnown(resource: PolicyResource): PolicyResource {
  const { type, props } = resource;
  if (type.startsWith("pulumi:") || type.startsWith("components:") || Object.keys(props).length > 0)
    return resource;
  return new Proxy(resource, {
    get: (of, key) => (key === "props" ? nothingKnown : (Reflect.get(of, key) as unknown)),
  });
}
