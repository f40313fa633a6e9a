// Diff: old state against new inputs, property by property, down to the element that changed.
import type { DiffRequest, DiffResult, PropertyDiff } from "../provider.ts";
import { hasUnknown, isObject, reveal, isList } from "../values.ts";
import type { Properties, Value } from "../values.ts";
import { equivalent, equivalentElement, isZero } from "./compare.ts";
import type { BridgedResource, PropertySpec } from "./schema.ts";

type Detailed = Record<string, PropertyDiff>;

export function diffBridged(resource: BridgedResource, request: DiffRequest): DiffResult {
  const detailed: Detailed = {};
  for (const [key, spec] of Object.entries(resource.properties)) {
    if (spec.output || request.ignoreChanges.includes(key)) continue;
    const after = request.news[key] ?? (spec.default === undefined ? undefined : spec.default);
    const before = request.olds[key];
    if (after === undefined && (spec.computed || isZero(before))) continue;
    diffProperty(
      spec,
      before,
      after,
      key,
      spec.replaces === true || resource.update === undefined,
      detailed,
    );
  }
  const diffs = topLevel(Object.keys(detailed));
  const replaces = topLevel(
    Object.keys(detailed).filter((path) => detailed[path]!.kind.endsWith("-replace")),
  );
  return {
    changes: diffs.length > 0,
    diffs,
    replaces,
    deleteBeforeReplace:
      replaces.length > 0 &&
      (resource.deleteBeforeReplace === true || keepsExplicitName(resource, request)),
    // The official plugin-framework bridge leaves the details to the engine.
    ...(resource.framework === "sdk" && { detailedDiff: detailed }),
  };
}

function topLevel(paths: string[]): string[] {
  return [...new Set(paths.map((path) => path.split(/[.[]/)[0]!))].sort();
}

/** An explicit name that stays the same can't exist twice, so the old resource has to go first. */
function keepsExplicitName(resource: BridgedResource, request: DiffRequest): boolean {
  return Object.entries(resource.properties).some(([key, spec]) => {
    const defaults = request.news["__defaults"];
    if (!spec.autoname || (isList(defaults) && defaults.includes(key))) return false;
    return equivalent(spec, request.olds[key], request.news[key]);
  });
}

function record(
  detailed: Detailed,
  path: string,
  kind: "add" | "delete" | "update",
  replace: boolean,
): void {
  detailed[path] = { kind: replace ? `${kind}-replace` : kind, inputDiff: false };
}

function diffProperty(
  spec: PropertySpec,
  before: Value | undefined,
  after: Value | undefined,
  path: string,
  replace: boolean,
  detailed: Detailed,
): void {
  if (equivalent(spec, before, after)) return;
  const left = reveal(before);
  const right = reveal(after);
  const isContainer = isList(left) || isObject(left);
  if (left === undefined || left === null || (isContainer && isZero(left) && !isList(right)))
    record(detailed, path, "add", replace);
  else if (right === undefined || right === null) record(detailed, path, "delete", replace);
  else if (hasUnknown(right) && !isList(right) && !isObject(right))
    record(detailed, path, "update", replace);
  else if (spec.same) record(detailed, path, "update", replace);
  else if (isList(left) && isList(right)) {
    if (spec.type === "set") diffSet(spec, left, right, path, replace, detailed);
    else diffList(spec, left, right, path, replace, detailed);
  } else if (isObject(left) && isObject(right))
    diffObject(spec, left, right, path, replace, detailed);
  else record(detailed, path, "update", replace);
}

function diffSet(
  spec: PropertySpec,
  left: Value[],
  right: Value[],
  path: string,
  replace: boolean,
  detailed: Detailed,
): void {
  left.forEach((item, index) => {
    if (!right.some((other) => equivalentElement(spec, item, other)))
      record(detailed, `${path}[${index}]`, "delete", replace);
  });
  right.forEach((item, index) => {
    if (left.some((other) => equivalentElement(spec, other, item))) return;
    // Gone and new at the same place is one change of that place.
    record(
      detailed,
      `${path}[${index}]`,
      `${path}[${index}]` in detailed ? "update" : "add",
      replace,
    );
  });
}

function diffList(
  spec: PropertySpec,
  left: Value[],
  right: Value[],
  path: string,
  replace: boolean,
  detailed: Detailed,
): void {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const at = `${path}[${index}]`;
    if (index >= left.length) record(detailed, at, "add", replace);
    else if (index >= right.length) record(detailed, at, "delete", replace);
    else if (equivalentElement(spec, left[index], right[index])) continue;
    else {
      const [a, b] = [reveal(left[index]), reveal(right[index])];
      if (a !== undefined && b !== undefined && isObject(a) && isObject(b))
        diffObject(spec, a, b, at, replace, detailed);
      else record(detailed, at, "update", replace);
    }
  }
}

function diffObject(
  spec: PropertySpec,
  left: Properties,
  right: Properties,
  path: string,
  replace: boolean,
  detailed: Detailed,
): void {
  const keys = spec.fields
    ? Object.keys(spec.fields)
    : [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(
        (key) => key !== "__defaults",
      );
  for (const key of keys) {
    const field = spec.fields?.[key] ?? { type: "string" as const };
    if (field.output || (field.computed && isZero(right[key]))) continue;
    const at = /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)
      ? `${path}.${key}`
      : `${path}[${JSON.stringify(key)}]`;
    diffProperty(field, left[key], right[key], at, replace || field.replaces === true, detailed);
  }
}
