// Typed access to checked inputs.
import { isList } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";

export function text(inputs: Properties, key: string): string {
  const value = inputs[key];
  return typeof value === "string" ? value : "";
}

export function flag(inputs: Properties, key: string): boolean {
  return inputs[key] === true;
}

export function integer(inputs: Properties, key: string): number {
  const value = inputs[key];
  return typeof value === "number" ? value : 0;
}

export function texts(inputs: Properties, key: string): string[] {
  const value = inputs[key];
  return isList(value) ? value.map(String) : [];
}

/** Empty lists are "not set" in the official state. */
export function orNull(values: string[]): string[] | null {
  return values.length === 0 ? null : values;
}
