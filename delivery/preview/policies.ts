import { readFile } from "node:fs/promises";
import type { PolicyFinding } from "../engineEvents.ts";
import { Refusal } from "../exitCode.ts";
import { logicalNameOf, type OwnerOf } from "./owners.ts";
import { asObject, listOf, textOf } from "./values.ts";

/** What a policy has found. */
export interface Verdict {
  readonly policy: string;
  readonly level: "mandatory" | "advisory";
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

/** Each finding once, mandatory ones first; in the order of names, which is that of no run. */
export function verdictsOf(findings: readonly PolicyFinding[], ownerOf: OwnerOf): Verdict[] {
  const verdicts = new Map<string, Verdict>();
  for (const { policyName, enforcementLevel, resourceUrn, severity, message } of findings) {
    if (enforcementLevel === "disabled") continue;
    const verdict: Verdict = {
      policy: policyName,
      level: enforcementLevel === "mandatory" ? "mandatory" : "advisory",
      instance: resourceUrn === undefined ? undefined : ownerOf(resourceUrn),
      resource: resourceUrn === undefined || resourceUrn.includes("::pulumi:pulumi:Stack::") ? undefined : logicalNameOf(resourceUrn),
      severity,
      message: message.trim(),
    };
    verdicts.set(sortKey(verdict), verdict);
  }
  return [...verdicts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, verdict]) => verdict);
}

const sortKey = ({ policy, level, instance = "", resource = "", message }: Verdict): string =>
  [level === "mandatory" ? "0" : "1", policy, instance, resource, message].join("\0");

/** The exclusions of the policy configuration; what else is in the file is the engine's to check. */
export async function readExclusions(path: string, today: string): Promise<Exclusion[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new Refusal(`${path}: is no JSON: ${(error as Error).message}`);
  }
  return Object.entries(asObject(data)).flatMap(([policy, settings]) =>
    listOf(asObject(settings)["exclusions"]).map((entry): Exclusion => {
      const until = textOf(entry["until"]) ?? "";
      return {
        policy,
        instance: textOf(entry["instance"]) ?? "",
        reason: textOf(entry["reason"]) ?? "",
        until,
        ended: until < today,
      };
    }),
  );
}
