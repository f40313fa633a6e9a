// Typed access to checked inputs.
import { isObject, isList } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";

export function text(inputs: Properties, key: string): string {
  const value = inputs[key];
  return typeof value === "string" ? value : "";
}

export function texts(inputs: Properties, key: string): string[] {
  const value = inputs[key];
  return isList(value) ? value.map(String) : [];
}

export function integer(inputs: Properties, key: string): number | undefined {
  const value = inputs[key];
  return typeof value === "number" ? value : undefined;
}

export function object(inputs: Properties, key: string): Properties | undefined {
  const value = inputs[key];
  return isObject(value) ? value : undefined;
}

export function objects(inputs: Properties, key: string): Properties[] {
  const value = inputs[key];
  return isList(value) ? value.filter(isObject) : [];
}

export function isEmptyTags(value: Value | undefined): boolean {
  return !isObject(value) || Object.keys(value).length === 0;
}

/** Without the keys that have no value. */
export function given(value: Record<string, Value | undefined>): Properties {
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, Value] => entry[1] !== undefined && entry[1] !== null,
    ),
  );
}
