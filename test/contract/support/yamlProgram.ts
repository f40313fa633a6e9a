import { parse } from "yaml";
import type { PackageSchema } from "./packageSchema.ts";
import { argumentProblems, outputProblem, type Spelling, type Value } from "./schemaCheck.ts";
import { sdkArguments } from "./sdkArguments.ts";

interface YamlResource {
  readonly type: string;
  readonly properties?: Record<string, unknown>;
  readonly options?: { readonly providers?: unknown; readonly version?: string };
}

interface YamlProgram {
  readonly packages?: Record<string, string>;
  readonly config?: Record<string, { type?: string }>;
  readonly variables?: Record<string, unknown>;
  readonly resources: Record<string, YamlResource>;
  readonly outputs?: Record<string, unknown>;
}

const spelling: Spelling = { property: (name) => name, member: (name) => name };

/** Everything in a Pulumi YAML program that the component package's schema, or the other packages' SDKs, don't know. */
export function yamlProblems(schema: PackageSchema, text: string): string[] {
  const program = parse(text) as YamlProgram;
  const problems: string[] = [];
  if (program.packages?.[schema.name] === undefined) problems.push(`packages.${schema.name}: is missing`);
  const own = Object.keys(schema.resources);
  for (const [name, { type, properties = {}, options }] of Object.entries(program.resources)) {
    const at = `resources.${name}`;
    if (type.startsWith(`${schema.name}:`)) {
      const args = toValue(properties) as Value & { kind: "object" };
      problems.push(...argumentProblems(schema, type, args, spelling).map((problem) => `${at}.${problem}`));
      problems.push(...providerProblems(program, options?.providers).map((problem) => `${at}.options.providers${problem}`));
      continue;
    }
    const known = sdkArguments(type);
    if (known === undefined) problems.push(`${at}.type: there is no resource ${type}; of this package there are ${own.join(", ")}`);
    else for (const key of Object.keys(properties)) if (!known.includes(key)) problems.push(`${at}.${key}: ${type} has no such argument`);
  }
  return [...problems, ...references(schema, program)];
}

/** The YAML host takes a list of resources and nothing else: a map ends it with a panic. */
function providerProblems({ resources }: YamlProgram, given: unknown): string[] {
  if (!Array.isArray(given)) return [": must be a list of resources"];
  const names = given.map((each) => /^\$\{([^}]+)\}$/.exec(String(each))?.[1] ?? "");
  const types = names.map((name) => resources[name]?.type);
  return ["kubernetes", "aws", "postgresql", "random"]
    .filter((needed) => !types.includes(`pulumi:providers:${needed}`))
    .map((needed) => `.${needed}: is missing`);
}

/** An interpolation is known only when the program runs. */
function toValue(value: unknown): Value {
  if (typeof value === "string" && value.includes("${")) return { kind: "unknown" };
  if (Array.isArray(value)) return { kind: "list", items: value.map(toValue) };
  if (typeof value !== "object" || value === null) return { kind: "scalar", value: value as string | number | boolean | null };
  if (Object.keys(value).some((key) => key.startsWith("fn::"))) return { kind: "unknown" };
  return { kind: "object", entries: Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toValue(entry)])) };
}

/** `${name.output}`: the name must be there, and a component's output must be one of its outputs. */
function references(schema: PackageSchema, { config = {}, variables = {}, resources, outputs = {} }: YamlProgram): string[] {
  const strings = [...JSON.stringify([resources, variables, outputs]).matchAll(/\$\{((?:\\"|[^}])+)\}/g)].map(([, inner]) =>
    inner!.replaceAll('\\"', '"'),
  );
  return strings.flatMap((expression) => {
    const [name = "", ...path] = [...expression.matchAll(/\["([^"]+)"\]|([^.[\]]+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
    if (name === "pulumi" || name in config || name in variables) return [];
    const resource = resources[name];
    if (resource === undefined) return [`\${${expression}}: there is no ${name}`];
    if (!(resource.type in schema.resources) || path.length === 0) return [];
    const problem = outputProblem(schema, resource.type, path, spelling);
    return problem === undefined ? [] : [`\${${expression}}: ${problem}`];
  });
}
