// Check: types, required properties, defaults and automatic names, with every failure at once.
import { createHash, randomBytes } from "node:crypto";
import type { CheckFailure, CheckRequest, CheckResult } from "../provider.ts";
import { Secret, Unknown, hasUnknown, isObject, reveal, isList } from "../values.ts";
import type { Properties, Value } from "../values.ts";
import type { BridgedResource, PropertySpec } from "./schema.ts";

const hexDigits = 7;

export function checkBridged(resource: BridgedResource, request: CheckRequest): CheckResult {
  const news = resource.prepare ? resource.prepare(request.news) : request.news;
  const failures: CheckFailure[] = [];
  const { value: inputs, defaults } = checkFields(
    resource.properties,
    news,
    "",
    failures,
    resource.framework === "sdk",
  );
  for (const [key, spec] of Object.entries(resource.properties)) {
    if (spec.autoname && inputs[key] === undefined) {
      const name = automaticName(request, key, spec.autoname);
      if (name === undefined)
        failures.push({
          property: key,
          reason: "automatic naming is disabled by the project: give the name",
        });
      else {
        inputs[key] = name;
        defaults.push(key);
      }
    }
  }
  if (failures.length === 0) failures.push(...(resource.validate?.(inputs) ?? []));
  // The plugin-framework bridge keeps no list of defaults.
  const listed = resource.framework === "sdk" ? { __defaults: defaults.sort() } : {};
  return { inputs: { ...listed, ...inputs }, failures };
}

function automaticName(
  request: CheckRequest,
  key: string,
  rule: NonNullable<PropertySpec["autoname"]>,
): string | undefined {
  const before = reveal(request.olds[key]);
  const oldDefaults = request.olds["__defaults"];
  if (typeof before === "string" && isList(oldDefaults) && oldDefaults.includes(key)) return before;
  if (request.autonaming?.mode === "disable") return undefined;
  if (request.autonaming?.proposedName) return request.autonaming.proposedName;
  const seed = request.randomSeed.length > 0 ? request.randomSeed : randomBytes(32);
  const suffix = createHash("sha256").update(seed).digest("hex").slice(0, hexDigits);
  const separator = rule.separator ?? "-";
  const name = `${request.name.slice(0, rule.maxLength - hexDigits - separator.length)}${separator}${suffix}`;
  return rule.lowerCase ? name.toLowerCase() : name;
}

function checkFields(
  fields: Record<string, PropertySpec>,
  given: Properties,
  path: string,
  failures: CheckFailure[],
  writeDefaults: boolean,
): { value: Properties; defaults: string[] } {
  const value: Properties = {};
  const defaults: string[] = [];
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  for (const key of Object.keys(given)) {
    const spec = fields[key];
    if (key === "__defaults" || (spec && !spec.output)) continue;
    const reason = spec
      ? "this is an output, it can't be set"
      : `unknown property; one of ${inputNames(fields)}`;
    failures.push({ property: at(key), reason });
  }
  for (const [key, spec] of Object.entries(fields)) {
    const before = given[key];
    if (before !== undefined && before !== null && !spec.output) {
      value[key] = checkValue(spec, before, at(key), failures, writeDefaults);
    } else if (spec.default && !spec.output && writeDefaults) {
      value[key] = spec.default;
      defaults.push(key);
    } else if (spec.required && !spec.autoname) {
      failures.push({ property: at(key), reason: "missing required property" });
    }
  }
  return { value, defaults };
}

function inputNames(fields: Record<string, PropertySpec>): string {
  return Object.entries(fields)
    .filter(([, spec]) => !spec.output)
    .map(([key]) => key)
    .join(", ");
}

function checkValue(
  spec: PropertySpec,
  value: Value,
  path: string,
  failures: CheckFailure[],
  writeDefaults: boolean,
): Value {
  if (value instanceof Secret)
    return new Secret(checkValue(spec, value.value, path, failures, writeDefaults));
  if (value instanceof Unknown) return value;
  const checked = coerce(spec, value, path, failures, writeDefaults);
  if (checked === undefined) {
    failures.push({
      property: path,
      reason: `expected ${describe(spec)}, got ${isList(value) ? "a list" : typeof value}`,
    });
    return value;
  }
  const wrong = hasUnknown(checked) ? undefined : spec.validate?.(checked);
  if (wrong) failures.push({ property: path, reason: wrong });
  return checked;
}

function describe(spec: PropertySpec): string {
  return {
    string: "a string",
    number: "a number",
    boolean: "true or false",
    list: "a list",
    set: "a list",
    map: "a map",
    object: "an object",
  }[spec.type];
}

function coerce(
  spec: PropertySpec,
  value: Value,
  path: string,
  failures: CheckFailure[],
  writeDefaults: boolean,
): Value | undefined {
  switch (spec.type) {
    case "string":
      return typeof value === "string"
        ? value
        : typeof value === "number" || typeof value === "boolean"
          ? String(value)
          : undefined;
    case "number":
      if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
        return Number(value);
      return typeof value === "number" ? value : undefined;
    case "boolean":
      if (value === "true" || value === "false") return value === "true";
      return typeof value === "boolean" ? value : undefined;
    case "map":
      return isObject(value) ? value : undefined;
    case "object":
      return isObject(value) ? checkObject(spec, value, path, failures, writeDefaults) : undefined;
    case "list":
    case "set":
      if (!isList(value)) return undefined;
      return value.map((item, index) => {
        const itemPath = `${path}[${index}]`;
        const plain = reveal(item);
        if (spec.fields && plain !== undefined && isObject(plain))
          return checkObject(spec, plain, itemPath, failures, writeDefaults);
        return checkValue(
          { type: spec.element ?? "string" },
          item,
          itemPath,
          failures,
          writeDefaults,
        );
      });
  }
}

function checkObject(
  spec: PropertySpec,
  value: Properties,
  path: string,
  failures: CheckFailure[],
  writeDefaults: boolean,
): Properties {
  const { value: checked, defaults } = checkFields(
    spec.fields ?? {},
    value,
    path,
    failures,
    writeDefaults,
  );
  return writeDefaults ? { __defaults: defaults.sort(), ...checked } : checked;
}
