import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, parseDocument, type Document, type Pair } from "yaml";
import type { InstanceFile } from "../../../program/instance/file.ts";
import { flowTokens } from "../file/file.ts";

/** What differs between two values, by path. */
export interface Change {
  readonly path: readonly string[];
  readonly from: unknown;
  readonly to: unknown;
}

/** The text and the values of an instance file. */
export interface Written {
  readonly text: string;
  readonly file: InstanceFile;
}

export interface Promotion extends Written {
  /** What is not as in the source's file, each with its reason. */
  readonly notCopied: readonly string[];
}

interface Route {
  readonly from: string;
  readonly to: string;
  /** Asked for by the user. */
  readonly tier: InstanceFile["tier"];
  /** Last day of a token that the target allows to such a file. */
  readonly lastDay: (file: InstanceFile) => string | undefined;
}

type Tokens = NonNullable<InstanceFile["tokens"]>;

/**
 * These belong to the environment: a promotion gives a new file the source's, and leaves the
 * target's own alone.
 */
const ofEnvironment: readonly string[] = ["tier", "tokens"];

/** These are about the source alone. */
const neverCopied: Readonly<Record<string, string>> = {
  delete: "says that the instance goes from",
  host: "is an address in the domain of",
};

/**
 * The target's file after the promotion: it gets each value of the source's file, comments
 * included, but for what belongs to an environment. What only the target says stays: a promotion
 * never takes anything away, and a token that went would be revoked.
 */
export function plan(source: Written, present: Written | undefined, route: Route): Promotion {
  const [from, target] = [parseDocument(source.text), parseDocument((present ?? source).text)];
  const notCopied = drop(source.file, present === undefined ? target : undefined, route.from);
  if (present !== undefined)
    for (const [key, pair] of pairsOf(from)) copy(key, pair, target, present.file, source.file);
  for (const key of Object.keys(present?.file ?? {}).filter(
    (each) => !(each in source.file) && !ofEnvironment.includes(each),
  ))
    notCopied.push(`${key}: stays as it is in ${route.to}; the file in ${route.from} has none`);

  const tier = route.tier ?? (present ?? source).file.tier;
  if (route.tier !== undefined) target.set("tier", route.tier);
  if (tier !== source.file.tier) {
    const [own, other] = [
      tier ?? `the default of ${route.to}`,
      source.file.tier ?? `the default of ${route.from}`,
    ];
    notCopied.push(
      `tier: ${own} ${route.tier === undefined ? `as in ${route.to}` : "by --tier"}, not ${other}`,
    );
  }

  const tokens = tokensOf(
    source.file.tokens ?? {},
    present?.file.tokens ?? {},
    route.lastDay(target.toJS() as InstanceFile),
    route.to,
    notCopied,
  );
  const before = (target.toJS() as InstanceFile).tokens ?? {};
  // One by one, so that comments at the others stay.
  for (const [name, token] of Object.entries(tokens))
    if (!isDeepStrictEqual(before[name], token))
      target.setIn(["tokens", name], target.createNode(token));
  flowTokens(target);
  return {
    text: target.toString({ lineWidth: 0 }),
    file: target.toJS() as InstanceFile,
    notCopied,
  };
}

function drop(source: InstanceFile, target: Document | undefined, from: string): string[] {
  return Object.entries(neverCopied).flatMap(([key, why]) => {
    target?.delete(key);
    return key in source ? [`${key}: ${why} ${from}`] : [];
  });
}

const pairsOf = ({ contents }: Document): [string, Pair][] =>
  isMap(contents)
    ? contents.items.map((pair) => [String(isScalar(pair.key) ? pair.key.value : pair.key), pair])
    : [];

function copy(
  key: string,
  pair: Pair,
  target: Document,
  present: InstanceFile,
  source: InstanceFile,
): void {
  if (ofEnvironment.includes(key) || key in neverCopied) return;
  const [now, then] = [present, source].map(
    (file) => (file as Readonly<Record<string, unknown>>)[key],
  );
  if (isDeepStrictEqual(now, then)) return;
  if (now === undefined) target.add(pair);
  else target.set(key, pair.value);
}

function tokensOf(
  source: Tokens,
  present: Tokens,
  latest: string | undefined,
  to: string,
  notCopied: string[],
): Tokens {
  const added = Object.entries(source).flatMap(([name, token]) => {
    const own = present[name];
    if (own !== undefined) {
      if (!isDeepStrictEqual(token, own))
        notCopied.push(
          `tokens.${name}: stays as it is in ${to}, ${own.role} until ${own.expires ?? "the environment's day"}`,
        );
      return [];
    }
    // Generations count the values of one environment.
    const { generation: _, previousValidUntil: __, ...first } = token;
    const { expires } = first;
    if (latest === undefined || expires === undefined || expires <= latest)
      return [[name, first] as const];
    notCopied.push(
      `tokens.${name}.expires: ${latest}, not ${expires}; the policies allow no later day in ${to}`,
    );
    return [[name, { ...first, expires: latest }] as const];
  });
  for (const name of Object.keys(present))
    if (!(name in source)) notCopied.push(`tokens.${name}: stays as it is in ${to}`);
  return { ...present, ...Object.fromEntries(added) };
}

/** Where two values differ; a mapping is gone into, anything else is one value. */
export function changes(from: unknown, to: unknown, path: readonly string[] = []): Change[] {
  if (isDeepStrictEqual(from, to)) return [];
  if (!isMapping(from) || !isMapping(to)) return [{ path, from, to }];
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) =>
    changes(from[key], to[key], [...path, key]),
  );
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
