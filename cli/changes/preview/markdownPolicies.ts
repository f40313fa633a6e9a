import { clean, code, listed } from "./markdownText.ts";
import type { Verdict } from "./policies.ts";
import type { PreviewReport } from "./report.ts";

/** What the rules found: one point for each rule, below it what it blames. */
export function policies({ policies: verdicts, exclusions }: PreviewReport): string[] {
  const of = (level: Verdict["level"]): Verdict[] =>
    verdicts.filter((each) => each.level === level);
  const [mandatory, advisory, later] = [of("mandatory"), of("advisory"), of("later")];
  const put = [...new Set(later.map(({ policy }) => code(policy)))];
  const excluded = exclusions.map(
    ({ policy, instance, reason, until, ended }) =>
      `- ${code(policy)}, **${clean(instance)}**: ${ended ? `ended on ${until}, the rule holds again` : `does not hold until ${until}`} (${clean(reason)})`,
  );
  if (verdicts.length + excluded.length === 0) return [];
  return [
    "## Policies",
    ...(mandatory.length === 0
      ? []
      : [
          `Violated, so nothing may be deployed (${mandatory.length}):`,
          listed(byRule(mandatory), 12_000, "line"),
        ]),
    ...(advisory.length === 0
      ? []
      : [`Advice (${advisory.length}):`, listed(byRule(advisory), 6_000, "line")]),
    ...(put.length === 0
      ? []
      : [`Checked at \`up\`, because a preview can't know what they need: ${put.join(", ")}.`]),
    ...(excluded.length === 0
      ? []
      : [`Exclusions (${excluded.length}):`, listed(excluded, 4_000, "exclusion")]),
  ];
}

/** A rule's first line is what it demands; it is said once. */
function byRule(verdicts: readonly Verdict[]): string[] {
  return [
    ...Map.groupBy(
      verdicts,
      ({ policy, message }) => `${code(policy)}: ${clean(split(message).demand)}`,
    ),
  ].flatMap(([head, group]) => [
    `- ${head}`,
    ...group.map(
      (verdict) =>
        `  - ${[placeOf(verdict), clean(split(verdict.message).found)].filter((part) => part !== "").join(": ")}`,
    ),
  ]);
}

function split(message: string): { demand: string; found: string } {
  const [demand = "", ...found] = message.split("\n").map((each) => each.trim());
  return { demand, found: found.join(" ") };
}

function placeOf({ instance, resource }: Verdict): string {
  const parts = [
    instance,
    resource === undefined || resource === instance ? undefined : code(resource),
  ];
  return parts.filter((part) => part !== undefined).join(" ");
}
