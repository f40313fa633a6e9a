// Equality as Terraform's SDK sees it: it can't tell "not given" from the zero value, and sets have
// no order.
import { asText, hasUnknown, isList, isObject, reveal, sameValue } from "../values.ts";
import type { Properties, Value } from "../values.ts";
import type { PropertySpec } from "./schema.ts";

export function isZero(value: Value | undefined): boolean {
  const plain = reveal(value);
  if (plain === undefined || plain === null || plain === "" || plain === 0 || plain === false)
    return true;
  if (isList(plain)) return plain.length === 0;
  return isObject(plain) && Object.keys(plain).every((key) => key === "__defaults");
}

export function withoutDefaults(value: Properties): Properties {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "__defaults"));
}

export function equivalent(
  spec: PropertySpec,
  a: Value | undefined,
  b: Value | undefined,
): boolean {
  const left = reveal(a);
  const right = reveal(b);
  if (hasUnknown(left) || hasUnknown(right)) return false;
  if (isZero(left) && isZero(right)) return true;
  if (left === undefined || right === undefined || left === null || right === null) return false;
  if (spec.same) return spec.same(left, right);
  if (isList(left) && isList(right)) {
    if (left.length !== right.length) return false;
    return spec.type === "set"
      ? left.every((item) => right.some((other) => equivalentElement(spec, item, other)))
      : left.every((item, index) => equivalentElement(spec, item, right[index]));
  }
  return equivalentElement(spec, left, right);
}

export function equivalentElement(
  spec: PropertySpec,
  a: Value | undefined,
  b: Value | undefined,
): boolean {
  const left = reveal(a);
  const right = reveal(b);
  if (spec.fields && isObject(left) && isObject(right)) {
    return Object.entries(spec.fields).every(
      ([key, field]) =>
        equivalent(field, left[key], right[key]) || (field.computed && isZero(right[key])),
    );
  }
  return sameValue(left, right);
}

/** Two JSON documents with the same content; objects compare without order. */
export function sameJson(a: Value, b: Value): boolean {
  try {
    return sameValue(JSON.parse(asText(a)) as Value, JSON.parse(asText(b)) as Value);
  } catch {
    return a === b;
  }
}
