import {
  shortName,
  typeName,
  type ObjectType,
  type PackageSchema,
  type Property,
} from "./packageSchema.ts";

/**
 * A value as a program in another language writes it. What is only known when the program runs is
 * `unknown`; `typed` is a value that says its type, as `BucketSettingsArgs(…)` and `Tier.SANDBOX`
 * do in Python.
 */
export type Value =
  | { readonly kind: "unknown" }
  | { readonly kind: "scalar"; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly items: readonly Value[] }
  | {
      readonly kind: "object";
      readonly typed?: string;
      readonly entries: Readonly<Record<string, Value>>;
    }
  | { readonly kind: "member"; readonly typed: string; readonly member: string };

/** How a language writes the names of the schema. */
export interface Spelling {
  readonly property: (name: string) => string;
  readonly member: (name: string) => string;
}

/** Every way in which a component's arguments differ from the schema, with the path. */
export function argumentProblems(
  schema: PackageSchema,
  token: string,
  args: Value & { kind: "object" },
  spelling: Spelling,
): string[] {
  const resource = schema.resources[token];
  if (resource === undefined)
    return [`there is no resource ${token}; there are ${Object.keys(schema.resources).join(", ")}`];
  const type = {
    properties: resource.inputProperties,
    ...(resource.requiredInputs ? { required: resource.requiredInputs } : {}),
  };
  return objectProblems(schema, shortName(token), type, args, "", spelling);
}

/** The same for an argument type, by its short name. */
export function typeProblems(
  schema: PackageSchema,
  name: string,
  args: Value & { kind: "object" },
  spelling: Spelling,
): string[] {
  const type = Object.entries(schema.types).find(([token]) => shortName(token) === name)?.[1];
  return type === undefined
    ? [`there is no type ${name}`]
    : objectProblems(schema, name, type, args, "", spelling);
}

function objectProblems(
  schema: PackageSchema,
  name: string,
  { properties = {}, required = [] }: ObjectType,
  { entries }: Value & { kind: "object" },
  path: string,
  spelling: Spelling,
): string[] {
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  const known = new Map(
    Object.entries(properties).map(([key, property]) => [spelling.property(key), property]),
  );
  const missing = required.map(spelling.property).filter((key) => !(key in entries));
  return [
    ...missing.map((key) => `${at(key)}: is missing, ${name} needs it`),
    ...Object.entries(entries).flatMap(([key, value]) => {
      const property = known.get(key);
      return property === undefined
        ? [`${at(key)}: ${name} has no such argument`]
        : valueProblems(schema, property, value, at(key), spelling);
    }),
  ];
}

function valueProblems(
  schema: PackageSchema,
  property: Property,
  value: Value,
  path: string,
  spelling: Spelling,
): string[] {
  if (value.kind === "unknown") return [];
  const name = typeName(property);
  if (name !== undefined) return namedProblems(schema, name, value, path, spelling);
  if (property.type === "array") {
    if (value.kind !== "list") return [`${path}: expected a list`];
    return value.items.flatMap((item, index) =>
      valueProblems(schema, property.items ?? {}, item, `${path}[${index}]`, spelling),
    );
  }
  if (property.type === "object") {
    if (value.kind !== "object" || value.typed !== undefined)
      return [`${path}: expected a mapping`];
    return Object.entries(value.entries).flatMap(([key, entry]) =>
      valueProblems(schema, property.additionalProperties ?? {}, entry, `${path}.${key}`, spelling),
    );
  }
  const actual = value.kind === "scalar" ? typeof value.value : `a ${value.kind}`;
  const expected = property.type === "integer" ? "number" : property.type;
  return actual === expected ? [] : [`${path}: expected a ${expected}, found ${actual}`];
}

function namedProblems(
  schema: PackageSchema,
  token: string,
  value: Value,
  path: string,
  spelling: Spelling,
): string[] {
  const type = schema.types[token] ?? {};
  const name = shortName(token);
  if (type.enum === undefined) {
    if (value.kind !== "object") return [`${path}: expected a ${name}`];
    // What says its type is a call of its own, and looked at there.
    if (value.typed !== undefined)
      return value.typed === name ? [] : [`${path}: expected a ${name}, found a ${value.typed}`];
    return objectProblems(schema, name, type, value, path, spelling);
  }
  if (value.kind === "member") {
    if (value.typed !== name) return [`${path}: expected a ${name}, found a ${value.typed}`];
    const members = type.enum.map((member) => spelling.member(member.name));
    return members.includes(value.member)
      ? []
      : [`${path}: ${name} has no member ${value.member}, only ${members.join(", ")}`];
  }
  const values = type.enum.map((member) => member.value);
  if (value.kind === "scalar" && values.includes(String(value.value))) return [];
  return [`${path}: expected one of ${values.join(", ")}`];
}

/** What is wrong with reading such an output of a component: `["tokens", "ci", "value"]`. */
export function outputProblem(
  schema: PackageSchema,
  token: string,
  path: readonly string[],
  spelling: Spelling,
): string | undefined {
  let properties: Readonly<Record<string, Property>> | undefined =
    schema.resources[token]?.properties ?? {};
  let entry: Property | undefined;
  let name = shortName(token);
  for (const step of path) {
    const found: Property | undefined =
      entry ??
      Object.entries(properties ?? {}).find(([key]) => spelling.property(key) === step)?.[1];
    if (found === undefined) return `${name} has no output ${step}`;
    entry = found.additionalProperties;
    const type = typeName(found);
    properties = type === undefined ? undefined : schema.types[type]?.properties;
    name = type === undefined ? `${name}.${step}` : shortName(type);
  }
  return undefined;
}
