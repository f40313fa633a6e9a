/** What the engine puts in place of a secret in its events. */
const seal = "4dabf18193072939515e22adb298388d";
/** What it puts in place of a value that only the update will know. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const secretText = "[secret]";
export const unknownText = "known after the update";
export const unknownSecretText = `[secret, ${unknownText}]`;

type Values = Record<string, unknown>;

export const isObject = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const asObject = (value: unknown): Values => (isObject(value) ? value : {});
export const isSealed = (value: unknown): boolean => isObject(value) && seal in value;
export const isKnown = (value: unknown): boolean => value !== unknown && !isSealed(value);

/** A text that is known; undefined for anything else. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && isKnown(value) ? value : undefined;
export const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" ? value : undefined;
export const listOf = (value: unknown): Values[] =>
  Array.isArray(value) ? value.map(asObject) : [];

export type Segment = string | number;

/**
 * `spec.containers[0].env`, `tags["a/b"]` in parts. A key with dots in it can't be told from a path
 * here; `valueAt` can, with the object at hand.
 */
export function segmentsOf(path: string): Segment[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, key]) => (index === undefined ? (quoted ?? key ?? "") : Number(index)),
  );
}

/** The value at a property path of the engine; a sealed one for everything inside a secret. */
export function valueAt(value: unknown, segments: readonly Segment[]): unknown {
  if (segments.length === 0 || isSealed(value)) return value;
  const [first, ...rest] = segments;
  if (typeof first === "number")
    return Array.isArray(value) ? valueAt(value[first], rest) : undefined;
  const object = asObject(value);
  for (let length = 1; length <= segments.length; length++) {
    const key = segments.slice(0, length).join(".");
    if (!(key in object)) continue;
    const found = valueAt(object[key], segments.slice(length));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The path with the names of list items in place of their numbers,
 * `containers[server].env[MLFLOW_WORKERS].value`: that is what a reader looks for.
 */
export function readablePath(segments: readonly Segment[], values: readonly unknown[]): string {
  let text = "";
  segments.forEach((segment, at) => {
    if (typeof segment === "string") {
      text += at === 0 ? keyText(segment).replace(/^\./, "") : keyText(segment);
      return;
    }
    const names = values.map(
      (value) => asObject(valueAt(value, segments.slice(0, at + 1)))["name"],
    );
    text += `[${names.find((name) => typeof name === "string") ?? segment}]`;
  });
  return text;
}

/** A key of an object, after the path of the object. */
export const keyText = (key: string): string => (/^[\w$-]+$/.test(key) ? `.${key}` : `["${key}"]`);

const longest = 80;

/**
 * A value on one line; secrets and what is not known yet by a word, long ones cut. Undefined stays:
 * there is no value.
 */
export const show = (value: unknown): string | undefined => cut(lineOf(value));

/**
 * Two values of a property. Where all that is kept of them is the same, both begin shortly before
 * they differ.
 */
export function showBoth(
  before: unknown,
  after: unknown,
): { old: string | undefined; new: string | undefined } {
  const [old, next] = [lineOf(before), lineOf(after)];
  const alike = { old: cut(old), new: cut(next) };
  if (old === undefined || next === undefined || old === next || alike.old !== alike.new)
    return alike;
  const first = [...old].findIndex((character, index) => character !== next[index]);
  const at = first === -1 ? old.length : first;
  const from = Math.max(old.lastIndexOf(",", at - 1) + 1, at - 40);
  return { old: cut(`…${old.slice(from)}`), new: cut(`…${next.slice(from)}`) };
}

const cut = (line: string | undefined): string | undefined =>
  line === undefined || line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;

function lineOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = isSealed(value)
    ? secretText
    : typeof value === "string"
      ? plain(value)
      : JSON.stringify(value, (_key, inner: unknown) => reduced(inner));
  return text.replaceAll(/\s+/g, " ");
}

const plain = (text: string): string => text.replaceAll(unknown, unknownText);
const reduced = (value: unknown): unknown =>
  isSealed(value) ? secretText : typeof value === "string" ? plain(value) : value;
