// Small helpers over Kubernetes objects held as property values.
import { isList, isObject } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";

export function at(value: Value | undefined, ...path: (string | number)[]): Value | undefined {
  let current: Value | undefined = value;
  for (const key of path) {
    if (typeof key === "number") current = isList(current) ? current[key] : undefined;
    else current = isObject(current) ? current[key] : undefined;
    if (current === undefined) return undefined;
  }
  return current;
}

export function text(value: Value | undefined, ...path: (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

export function number(value: Value | undefined, ...path: (string | number)[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export function list(value: Value | undefined, ...path: (string | number)[]): Properties[] {
  const found = at(value, ...path);
  return isList(found) ? found.filter(isObject) : [];
}

export function nameOf(object: Value): string {
  return text(object, "metadata", "name");
}

export function namespaceOf(object: Value): string {
  return text(object, "metadata", "namespace");
}

/** The Pulumi id: `namespace/name`, or the name alone for a cluster-scoped object. */
export function idOf(object: Value): string {
  const namespace = namespaceOf(object);
  return namespace === "" ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}

export function parseId(id: string): { namespace: string; name: string } {
  const [first = "", second] = id.split("/");
  return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

/** The object's metadata, made when missing; undefined when it isn't known yet. */
export function metadataOf(object: Properties): Properties | undefined {
  object["metadata"] ??= {};
  return isObject(object["metadata"]) ? object["metadata"] : undefined;
}

export function copy<T extends Value>(value: T): T {
  if (isList(value)) return value.map(copy) as T;
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, copy(v)])) as T;
  return value;
}

export function condition(object: Value, type: string): Properties | undefined {
  return list(object, "status", "conditions").find((c) => c["type"] === type);
}

export function isOwnedBy(object: Value, owner: Value): boolean {
  const uid = text(owner, "metadata", "uid");
  return (
    uid !== "" &&
    list(object, "metadata", "ownerReferences").some((reference) => reference["uid"] === uid)
  );
}
