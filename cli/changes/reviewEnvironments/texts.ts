import { columns } from "../../columns.ts";
import type { ReviewEnvironment, ReviewInstance } from "./list.ts";
import type { Reaped } from "./reap.ts";

/**
 * What `up` ends with: where the instances are, and how to get a token. The tokens' values are
 * never in it.
 */
export function instancesText({
  stack,
  until,
  instances,
}: {
  stack: string;
  until: string;
  instances: readonly ReviewInstance[];
}): string {
  const rows = instances.map(({ name, trackingUri, tokens }) => [
    name,
    trackingUri,
    tokensText(tokens),
  ]);
  return [
    `Review environment ${stack}, until ${until} (UTC); another \`up\` renews it.`,
    ...table(rows),
    `Tokens: pulumi stack output tokens --show-secrets --stack ${stack}`,
    "",
  ].join("\n");
}

export function listText(previews: readonly ReviewEnvironment[], today: string): string {
  if (previews.length === 0) return "There is no review environment.\n";
  const rows = previews.map(({ stack, until, instances }) => [
    stack,
    lastDay(until, today),
    instances.map(({ trackingUri }) => trackingUri).join(" "),
  ]);
  return `${table([["STACK", "UNTIL", "INSTANCES"], ...rows]).join("\n")}\n`;
}

export function reapedText(reaped: readonly Reaped[]): string {
  if (reaped.length === 0) return "There is no review environment.\n";
  const done = (one: Reaped): string =>
    one.outcome === "untouched" ? wordsOf[one.act] : one.outcome;
  return `${table(reaped.map((one) => [one.stack, done(one), one.why])).join("\n")}\n`;
}

const wordsOf = { destroy: "to be destroyed", keep: "kept", "leave alone": "left alone" } as const;

const lastDay = (until: string | undefined, today: string): string =>
  until === undefined ? "not complete" : until < today ? `${until} (over)` : until;

const tokensText = (tokens: Readonly<Record<string, string>>): string =>
  Object.entries(tokens)
    .map(([name, role]) => `${name} (${role})`)
    .join(", ") || "no tokens";

const table = (rows: readonly (readonly string[])[]): string[] =>
  columns(rows).map((line) => `  ${line}`);
