import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { configurationProblems } from "../../../policies/configuration.ts";
import { rules } from "../../../policies/rules.ts";
import type { PolicyFinding } from "../engineEvents.ts";
import { Refusal } from "../../refusal.ts";
import { logicalNameOf, type OwnerOf } from "./owners.ts";
import { suggestion } from "../../../program/values/nearest.ts";

/** What a policy has found. */
export interface Verdict {
  readonly policy: string;
  /** `later`: a preview can't know what it needs; it is checked at `up`. */
  readonly level: "mandatory" | "advisory" | "later";
  readonly instance: string | undefined;
  /** Logical name of the resource to blame; undefined for the whole stack. */
  readonly resource: string | undefined;
  /** How bad the rule's author finds it. */
  readonly severity?: string | undefined;
  readonly message: string;
}

/** An instance for which a rule does not hold, as stacks/policies.json says. */
export interface Exclusion {
  readonly policy: string;
  readonly instance: string;
  readonly reason: string;
  readonly until: string;
  /** The last day is over: the rule holds again, and the entry can go. */
  readonly ended: boolean;
}

/** The words of policies/sdk/toPolicy.ts, and those of the engine for a rule that is not ours. */
const later = /It is checked at `up`\.|can't run policy .* during preview/;

/** Each finding once, mandatory ones first; in the order of names, which is that of no run. */
export function verdictsOf(findings: readonly PolicyFinding[], ownerOf: OwnerOf): Verdict[] {
  const verdicts = new Map<string, Verdict>();
  for (const { policyName, enforcementLevel, resourceUrn, severity, message } of findings) {
    if (enforcementLevel === "disabled") continue;
    const verdict: Verdict = {
      policy: policyName,
      level:
        enforcementLevel === "mandatory" ? "mandatory" : later.test(message) ? "later" : "advisory",
      instance: resourceUrn === undefined ? undefined : ownerOf(resourceUrn),
      resource:
        resourceUrn === undefined || resourceUrn.includes("::pulumi:pulumi:Stack::")
          ? undefined
          : logicalNameOf(resourceUrn),
      severity,
      message: message.trim(),
    };
    verdicts.set(sortKey(verdict), verdict);
  }
  return [...verdicts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, verdict]) => verdict);
}

const sortKey = ({ policy, level, instance = "", resource = "", message }: Verdict): string =>
  [{ mandatory: "0", advisory: "1", later: "2" }[level], policy, instance, resource, message].join(
    "\0",
  );

/**
 * The exclusions of the policy configuration. The engine takes a rule that it doesn't know without
 * a word, so the file is checked here, before it starts.
 */
export async function readExclusions(
  root: string,
  path: string,
  today: string,
): Promise<Exclusion[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const problems = configurationProblems(text, rules, suggestion).map(
    (problem) => `  ${relative(root, path)}: ${problem}`,
  );
  if (problems.length > 0)
    throw new Refusal(["Wrong policy configuration:", ...problems].join("\n"));
  const all = Object.entries(
    JSON.parse(text) as Record<
      string,
      { exclusions?: readonly Omit<Exclusion, "policy" | "ended">[] } | string
    >,
  );
  return all.flatMap(([policy, settings]) =>
    (typeof settings === "string" ? [] : (settings.exclusions ?? [])).map(
      ({ instance, reason, until }): Exclusion => ({
        policy,
        instance,
        reason,
        until,
        ended: until < today,
      }),
    ),
  );
}
