import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { namespaceDeclaresRetention } from "../../policies/retention/namespaceDeclaresRetention.ts";
import { tokenExpiresInTime } from "../../policies/security/tokenExpiresInTime.ts";
import {
  boundFor,
  readConfiguration,
  type Bounds,
  type Configuration,
} from "../../policies/settings.ts";
import { latestExpiry, type InstanceSpec } from "../../program/instance/instance.ts";
import { dayAfter } from "../../program/values/pullRequest.ts";
import type { Problem } from "../../program/values/problems.ts";
import { tierNames } from "../../program/values/tiers.ts";
import { daysOf } from "../../program/values/units.ts";
import { refusalOf } from "../refusal.ts";

const file = join("stacks", "policies.json");

type Owner = Pick<InstanceSpec, "name" | "tier" | "environment">;

/**
 * The last day that a token of this instance may have by the policy packs; undefined, where they
 * leave it open.
 */
export function lastTokenDay(root: string, instance: Owner, today: string): string | undefined {
  const settings = inForce(root, tokenExpiresInTime, instance, today);
  return settings && dayAfter(today, boundFor(settings["maxDays"] as Bounds<number>, instance));
}

/**
 * A last day for a token that neither the files' check nor the policy packs refuse, whatever the
 * instance's tier is.
 */
export const suggestedTokenDay = (root: string, environment: string, today: string): string =>
  tierNames
    .flatMap((tier) => lastTokenDay(root, { name: "", tier, environment }, today) ?? [])
    .concat(latestExpiry(today))
    .sort()[0]!;

/**
 * What the policy packs, as stacks/policies.json sets them, would refuse at the next preview: said
 * of the instance file.
 */
export function policyProblems(root: string, spec: InstanceSpec, today: string): Problem[] {
  const place = `for tier ${spec.tier} in ${spec.environment}`;
  const latest = lastTokenDay(root, spec, today);
  const problems: Problem[] = spec.tokens
    .filter(({ expires }) => latest !== undefined && expires > latest)
    .map(({ name, expires }) => ({
      path: ["tokens", name, "expires"],
      message: `is ${expires}; the policy ${tokenExpiresInTime.name} allows ${latest} or earlier ${place}`,
    }));
  const settings = inForce(root, namespaceDeclaresRetention, spec, today);
  if (settings === undefined) return problems;
  const [min, max] = ["minDays", "maxDays"].map((key) =>
    boundFor(settings[key] as Bounds<number>, spec),
  ) as [number, number];
  const days = daysOf(spec.deletedExperimentRetention);
  if (days < min || days > max) {
    const message = `is ${days}d; the policy ${namespaceDeclaresRetention.name} allows ${min}d to ${max}d ${place}`;
    problems.push({ path: ["deletedExperimentRetention"], message });
  }
  return problems;
}

/** A rule's settings, if it refuses anything of this instance. */
function inForce(
  root: string,
  { name, settings }: typeof tokenExpiresInTime | typeof namespaceDeclaresRetention,
  instance: Owner,
  today: string,
): Configuration | undefined {
  const path = join(root, file);
  const all = asObject(existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {});
  const { enforcementLevel, ...given } = asObject(all[name]);
  const level =
    (typeof all[name] === "string" ? all[name] : enforcementLevel) ??
    asObject(all["all"])["enforcementLevel"] ??
    all["all"];
  if (level === "disabled" || level === "advisory") return undefined;
  const { configuration, problems } = readConfiguration(name, settings, given);
  if (configuration === undefined)
    throw refusalOf(`${file} is wrong; nothing was written:`, problems);
  const excluded = configuration.exclusions.some(
    (exclusion) => exclusion.instance === instance.name && exclusion.until >= today,
  );
  return excluded ? undefined : configuration;
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
