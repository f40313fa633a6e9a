import type { PolicyResource } from "@pulumi/policy";
import { inside } from "./inside.ts";

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

/**
 * The way to the unknown value that this error tells of; throws any other error. The SDK catches
 * what a rule throws, and puts off the whole rule if it is about an unknown value.
 */
export function unknownPathOf(error: unknown): string {
  if (inside === undefined || !(error instanceof inside.proxy.UnknownValueError)) throw error;
  return error.props.map(String).join(".");
}

const nothingKnownTo = ({ proxy }: NonNullable<typeof inside>) =>
  new Proxy<Record<string, any>>(
    {},
    {
      get: (_nothing, key) => {
        throw new proxy.UnknownValueError(proxy.unknownObjectValue, [String(key)]);
      },
    },
  );
const nothingKnown = inside && nothingKnownTo(inside);

/**
 * The resource, with unknown properties where it has none at all: while a provider waits for a
 * value (the address of a database server that is yet to be made), the engine asks it nothing and
 * tells a stack rule of each of its resources that it is there, and no more.
 */
export function asFarAsKnown(resource: PolicyResource): PolicyResource {
  const { type, props } = resource;
  if (nothingKnown === undefined) return resource;
  if (type.startsWith("pulumi:") || type.startsWith("components:") || Object.keys(props).length > 0)
    return resource;
  return new Proxy(resource, {
    get: (of, key) => (key === "props" ? nothingKnown : (Reflect.get(of, key) as unknown)),
  });
}
