import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { shortName, type PackageSchema } from "./packageSchema.ts";
import {
  argumentProblems,
  outputProblem,
  typeProblems,
  type Spelling,
  type Value,
} from "./schemaCheck.ts";
import { sdkArguments } from "./sdkArguments.ts";

type Parsed =
  | Exclude<Value, { kind: "object" } | { kind: "list" }>
  | { readonly kind: "list"; readonly items: readonly Parsed[] }
  | { readonly kind: "object"; readonly entries: Record<string, Parsed> }
  | ({ readonly kind: "call" } & Call)
  | { readonly kind: "chain"; readonly chain: readonly string[] };

interface Call {
  readonly line: number;
  readonly callee: readonly string[];
  readonly positional: number;
  readonly entries: Record<string, Parsed>;
}

interface Program {
  readonly imports: Record<string, string>;
  readonly calls: readonly Call[];
  readonly variables: Record<string, readonly string[]>;
  readonly chains: readonly { readonly line: number; readonly chain: readonly string[] }[];
}

const snake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

/** As the engine's generator of Python SDKs spells names. */
const spelling: Spelling = { property: snake, member: (name) => snake(name).toUpperCase() };

const script = fileURLToPath(new URL("pythonProgram.py", import.meta.url));

/**
 * Everything in a Python program that the component package's schema, or the other packages' SDKs,
 * don't know. `python` parses it; nothing of it runs.
 */
export async function pythonProblems(
  schema: PackageSchema,
  python: string,
  text: string,
): Promise<string[]> {
  const { stdout } = await execa(python, [script], { input: text });
  const program = JSON.parse(stdout) as Program;
  const module = `${schema.namespace ?? "pulumi"}_${schema.name}`.replaceAll("-", "_");
  const alias = Object.entries(program.imports).find(([, name]) => name === module)?.[0];
  if (alias === undefined) return [`import ${module}: is missing`];
  const classes = classesOf(schema);
  return [
    ...program.calls.flatMap((call) => callProblems(schema, program, alias, call)),
    ...program.chains.flatMap(({ line, chain: [first, ...path] }) => {
      if (first === alias)
        return moduleProblems(schema, classes, path).map((problem) => `line ${line}: ${problem}`);
      const [annotated, type] = program.variables[first ?? ""] ?? [];
      const token = tokenOf(schema, type);
      if (annotated !== alias || token === undefined) return [];
      const problem = outputProblem(schema, token, path, spelling);
      return problem === undefined ? [] : [`line ${line}: ${problem}`];
    }),
  ];
}

const tokenOf = (schema: PackageSchema, name: string | undefined): string | undefined =>
  Object.keys(schema.resources).find((token) => shortName(token) === name);

/** What the generated module holds: components, their argument types and the enums. */
function classesOf(schema: PackageSchema): ReadonlySet<string> {
  const types = Object.entries(schema.types).map(
    ([token, type]) => shortName(token) + (type.enum === undefined ? "Args" : ""),
  );
  const resources = Object.keys(schema.resources).map(shortName);
  return new Set([...types, ...resources, ...resources.map((name) => `${name}Args`)]);
}

/** What is wrong with reading this of the generated module. */
function moduleProblems(
  schema: PackageSchema,
  classes: ReadonlySet<string>,
  [name = "", member]: readonly string[],
): string[] {
  if (!classes.has(name)) return [`the package has no ${name}`];
  const members = Object.entries(schema.types).find(([token]) => shortName(token) === name)?.[1]
    .enum;
  if (members === undefined || member === undefined) return [];
  const known = members.map((each) => spelling.member(each.name));
  return known.includes(member)
    ? []
    : [`${name} has no member ${member}, only ${known.join(", ")}`];
}

function callProblems(
  schema: PackageSchema,
  { imports }: Program,
  alias: string,
  call: Call,
): string[] {
  const [first = "", ...rest] = call.callee;
  const at = `line ${call.line}: `;
  const { opts: _, ...entries } = call.entries;
  if (first === alias) {
    const token = tokenOf(schema, rest[0]);
    const args = {
      kind: "object",
      entries: mapValues(entries, (entry) => toValue(entry, alias)),
    } as const;
    if (token === undefined) {
      const type = /^(\w+)Args$/.exec(rest[0] ?? "")?.[1];
      const problems = type === undefined ? [] : typeProblems(schema, type, args, spelling);
      return [...(call.positional === 0 ? [] : [`expected keywords only`]), ...problems].map(
        (problem) => at + problem,
      );
    }
    const options = call.entries["opts"];
    const named = options?.kind === "call" && "providers" in options.entries;
    return [
      ...(call.positional === 1 ? [] : [`${at}expected the name and then keywords`]),
      ...(named ? [] : [`${at}opts: has no providers`]),
      ...argumentProblems(schema, token, args, spelling).map((problem) => at + problem),
    ];
  }
  const [, packageName] = /^pulumi_(\w+)$/.exec(imports[first] ?? "") ?? [];
  if (packageName === undefined || /Args$/.test(rest.at(-1) ?? "")) return [];
  const provider = rest.length === 1 && rest[0] === "Provider";
  const token = provider
    ? `pulumi:providers:${packageName}`
    : `${packageName}:${rest.slice(0, -1).join("/")}:${rest.at(-1)}`;
  const known = sdkArguments(token)?.map(snake);
  if (known === undefined) return [`${at}there is no ${call.callee.join(".")}`];
  return Object.keys(entries)
    .filter((key) => !known.includes(key))
    .map((key) => `${at}${call.callee.join(".")} has no argument ${key}`);
}

const mapValues = <T, U>(entries: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, change(value)]));

function toValue(parsed: Parsed, alias: string): Value {
  switch (parsed.kind) {
    case "list":
      return { kind: "list", items: parsed.items.map((item) => toValue(item, alias)) };
    case "object":
      return {
        kind: "object",
        entries: mapValues(parsed.entries, (entry) => toValue(entry, alias)),
      };
    case "call": {
      const [first, name = ""] = parsed.callee;
      if (first !== alias) return { kind: "unknown" };
      const entries = mapValues(parsed.entries, (entry) => toValue(entry, alias));
      return { kind: "object", typed: name.replace(/Args$/, ""), entries };
    }
    case "chain": {
      const [first, typed = "", member = ""] = parsed.chain;
      return first === alias ? { kind: "member", typed, member } : { kind: "unknown" };
    }
    default:
      return parsed;
  }
}
