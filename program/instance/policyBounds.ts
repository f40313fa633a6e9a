import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { z } from "zod";
import { productionHasReplicas } from "../../policies/reliability/productionHasReplicas.ts";
import { databaseBackupOutlastsRetention } from "../../policies/retention/databaseBackupOutlastsRetention.ts";
import { namespaceDeclaresRetention } from "../../policies/retention/namespaceDeclaresRetention.ts";
import { levelOf, type Rule } from "../../policies/rule.ts";
import { tokenExpiresInTime } from "../../policies/security/tokenExpiresInTime.ts";
import { tokenHasAllowedRole } from "../../policies/security/tokenHasAllowedRole.ts";
import {
  boundFor,
  readConfiguration,
  type Bounds,
  type Configuration,
} from "../../policies/settings.ts";
import type { Environment } from "../environment/environment.ts";
import { factsOf } from "../platforms/index.ts";
import type { Problem } from "../values/problems.ts";
import { dayAfter } from "../values/pullRequest.ts";
import { daysOf } from "../values/units.ts";
import { boundingRules } from "./policyDefaults.ts";
import { madeOn, type DeployedTokens } from "./tokenGenerations.ts";

// The policy packs bound what a team may write. Their bounds have one place, the rules and
// stacks/policies.json; the check of a file reads it there, so that neither refuses what the other
// allows, and a platform team's exclusion holds for both.

/** The configuration of the policy packs. */
export const policiesFile = join("stacks", "policies.json");

const judgingRules: readonly Rule[] = [...boundingRules, databaseBackupOutlastsRetention];

export type Policies = Readonly<Record<string, unknown>>;

/** The configuration of the policy packs, with its errors in what files are checked by. */
export function readPolicies(root: string): { policies: Policies; errors: readonly string[] } {
  const path = join(root, policiesFile);
  if (!existsSync(path)) return { policies: {}, errors: [] };
  let policies: Policies;
  try {
    policies = asObject(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    return { policies: {}, errors: [`is not JSON: ${(error as Error).message}`] };
  }
  const errors = judgingRules.flatMap(
    (rule) => readConfiguration(rule.name, schemaOf(rule), ownSettings(policies, rule)).problems,
  );
  return { policies: errors.length === 0 ? policies : {}, errors };
}

/** An instance as far as bounds depend on it. */
type Owner = Pick<ResolvedInstance, "instanceName" | "tier" | "environment">;

/**
 * The last day that a token of this instance may have by the policy packs, if its value is made
 * today; undefined where they leave it open.
 */
export function lastTokenDay(
  policies: Policies,
  instance: Owner,
  today: string,
): string | undefined {
  const days = tokenDays(policies, instance, today);
  return days === undefined ? undefined : dayAfter(today, days);
}

/** Days that a token's value may live by the policy packs. */
function tokenDays(policies: Policies, instance: Owner, today: string): number | undefined {
  const settings = inForce(policies, tokenExpiresInTime, instance, today);
  return settings && boundOf<number>(settings, "maxDays", instance);
}

/** What the policy packs would refuse of an instance, said of its file. */
export function policyProblems(
  policies: Policies,
  environment: Environment,
  instance: ResolvedInstance,
  { today, deployed }: { today: string; deployed?: DeployedTokens | undefined },
): Problem[] {
  const problems: Problem[] = [];
  const place = `for tier ${instance.tier} in ${instance.environment}`;
  const add = (path: (string | number)[], value: string, { name }: Rule, allowed: string) =>
    problems.push({ path, message: `is ${value}; the policy ${name} allows ${allowed} ${place}` });
  const settingsOf = (rule: Rule) => inForce(policies, rule, instance, today);

  const days = daysOf(instance.deletedExperimentRetention);
  const retention = settingsOf(namespaceDeclaresRetention);
  if (retention !== undefined) {
    const [min, max] = ["minDays", "maxDays"].map((key) =>
      boundOf<number>(retention, key, instance),
    ) as [number, number];
    if (days < min || days > max)
      add(
        ["deletedExperimentRetention"],
        `${days}d`,
        namespaceDeclaresRetention,
        `${min}d to ${max}d`,
      );
  }
  // A preview environment makes no database server.
  const kept = environment.preview ? undefined : factsOf(environment.platform).backupDays;
  if (kept !== undefined && days > kept && settingsOf(databaseBackupOutlastsRetention))
    add(
      ["deletedExperimentRetention"],
      `${days}d`,
      databaseBackupOutlastsRetention,
      `${kept}d or less, for which the environment's database server keeps backups,`,
    );

  // An instance on its way out has neither pods nor tokens.
  if (instance.prepareDeletion) return problems;
  const replicas = settingsOf(productionHasReplicas);
  const least = replicas === undefined ? 1 : boundOf<number>(replicas, "least", instance);
  if (instance.replicas < least)
    add(["replicas"], `${instance.replicas}`, productionHasReplicas, `${least} or more`);

  const life = tokenDays(policies, instance, today);
  const roles = settingsOf(tokenHasAllowedRole);
  const allowed = roles && boundOf<readonly string[]>(roles, "roles", instance);
  for (const { name, role, expires, generation = 1, previousValidUntil } of instance.tokens) {
    const ends = { expires, previousValidUntil };
    Object.entries(ends).forEach(([key, day], before) => {
      const made = madeOn(deployed, name, generation - before);
      const latest = life === undefined ? undefined : dayAfter(made ?? today, life);
      if (day === undefined || latest === undefined || day <= latest) return;
      const why =
        made === undefined
          ? ""
          : ` (${life} days after ${made}, when the value was made${before === 0 ? "; the next generation has a life of its own" : ""})`;
      add(["tokens", name, key], day, tokenExpiresInTime, `${latest} or earlier${why}`);
    });
    if (allowed !== undefined && !allowed.includes(role))
      add(["tokens", name, "role"], role, tokenHasAllowedRole, allowed.join(", "));
  }
  for (const { name, role } of instance.workloads)
    if (allowed !== undefined && !allowed.includes(role))
      add(["workloads", name, "role"], role, tokenHasAllowedRole, allowed.join(", "));
  return problems;
}

const boundOf = <T>(settings: Configuration, key: string, place: Owner): T =>
  boundFor(settings[key] as Bounds<T>, place);

/** A rule's settings, if it refuses anything of this instance. */
function inForce(
  policies: Policies,
  rule: Rule,
  instance: Owner,
  today: string,
): Configuration | undefined {
  const own = policies[rule.name];
  const all = policies["all"];
  const level =
    (typeof own === "string" ? own : asObject(own)["enforcementLevel"]) ??
    (typeof all === "string" ? all : asObject(all)["enforcementLevel"]) ??
    levelOf(rule);
  if (level === "disabled" || level === "advisory") return undefined;
  const { configuration, problems } = readConfiguration(
    rule.name,
    schemaOf(rule),
    ownSettings(policies, rule),
  );
  if (configuration === undefined) throw new Error(problems.join("\n"));
  const excluded = configuration.exclusions.some(
    (exclusion) => exclusion.instance === instance.instanceName && exclusion.until >= today,
  );
  return excluded ? undefined : configuration;
}

/** The schema of a rule's settings; the list of all rules has it untyped. */
const schemaOf = ({ settings }: Rule) => settings as z.ZodObject | undefined;

function ownSettings(policies: Policies, { name }: Rule): Record<string, unknown> {
  const { enforcementLevel: _, ...settings } = asObject(policies[name]);
  return settings;
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
