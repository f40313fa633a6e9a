// Property values as a provider sees them: plain JSON plus two things that JSON can't say. A
// `Secret` envelope must survive every step (dropping it writes the value to the state in clear),
// and `unknown` stands for what a preview can't know yet.

/** A value that the engine encrypts in the state and hides in every output. */
export class Secret {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** A value that a preview doesn't know yet. There is one instance: `unknown`. */
export class Unknown {
  toString(): string {
    return "<unknown>";
  }
}
export const unknown = new Unknown();

/** An asset or archive, passed through untouched. */
export class Opaque {
  readonly wire: Wire;
  constructor(wire: Wire) {
    this.wire = wire;
  }
}

export type Value =
  null | boolean | number | string | Secret | Unknown | Opaque | Value[] | Properties;
export interface Properties {
  [key: string]: Value;
}
export type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
// The protocol has one text per kind of unknown (string, bool, number, array, asset, archive,
// object); a provider needs no distinction.
const unknownTexts = new Set([
  unknownText,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Reads a value as it came over the wire. */
export function fromWire(wire: Wire): Value {
  if (typeof wire === "string") return unknownTexts.has(wire) ? unknown : wire;
  if (wire === null || typeof wire !== "object") return wire;
  if (Array.isArray(wire)) return wire.map(fromWire);
  const signature = wire[signatureKey];
  if (signature === secretSignature) return new Secret(fromWire(wire["value"] ?? null));
  if (signature === outputSignature) {
    const value = "value" in wire ? fromWire(wire["value"]) : unknown;
    return wire["secret"] === true ? new Secret(value) : value;
  }
  if (signature === resourceSignature) return fromWire(wire["id"] ?? wire["urn"] ?? null);
  if (signature !== undefined) return new Opaque(wire);
  return propertiesFromWire(wire);
}

export function propertiesFromWire(wire: { [key: string]: Wire }): Properties {
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [key, fromWire(value)]));
}

/** Writes a value for the wire. */
export function toWire(value: Value): Wire {
  if (value instanceof Secret)
    return { [signatureKey]: secretSignature, value: toWire(value.value) };
  if (value instanceof Unknown) return unknownText;
  if (value instanceof Opaque) return value.wire;
  if (isList(value)) return value.map(toWire);
  if (value !== null && typeof value === "object") return propertiesToWire(value);
  return value;
}

export function propertiesToWire(properties: Properties): { [key: string]: Wire } {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, toWire(value)]),
  );
}

/** `Array.isArray` with the element's type kept. */
export function isList(value: Value | undefined): value is Value[] {
  return Array.isArray(value);
}

/** Text, number or flag as text; anything else is empty. */
export function asText(value: Value | undefined): string {
  const plain = reveal(value);
  return typeof plain === "string" || typeof plain === "number" || typeof plain === "boolean"
    ? String(plain)
    : "";
}

export function isObject(value: Value | undefined): value is Properties {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** The value without its outermost secret envelope. */
export function reveal(value: Value | undefined): Value | undefined {
  return value instanceof Secret ? reveal(value.value) : value;
}

/**
 * The value without any secret envelope, for use in a request; it must never go back to the engine.
 */
export function revealAll<T extends Value>(value: T): Value {
  if (value instanceof Secret) return revealAll(value.value);
  if (isList(value)) return value.map(revealAll);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, revealAll(v)]));
  return value;
}

function some(value: Value | undefined, test: (value: Value) => boolean): boolean {
  if (value === undefined) return false;
  if (test(value)) return true;
  if (value instanceof Secret) return some(value.value, test);
  if (isList(value)) return value.some((v) => some(v, test));
  return isObject(value) && Object.values(value).some((v) => some(v, test));
}

export function hasUnknown(value: Value | undefined): boolean {
  return some(value, (v) => v instanceof Unknown);
}

export function hasSecret(value: Value | undefined): boolean {
  return some(value, (v) => v instanceof Secret);
}

/** Equality of content; secret envelopes don't count, an unknown equals nothing but an unknown. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  const left = reveal(a);
  const right = reveal(b);
  if (left instanceof Opaque || right instanceof Opaque) {
    return (
      left instanceof Opaque &&
      right instanceof Opaque &&
      JSON.stringify(left.wire) === JSON.stringify(right.wire)
    );
  }
  if (isList(left))
    return (
      isList(right) && left.length === right.length && left.every((v, i) => sameValue(v, right[i]))
    );
  if (isObject(left)) {
    if (!isObject(right)) return false;
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...keys].every((key) => sameValue(left[key], right[key]));
  }
  return left === right;
}
