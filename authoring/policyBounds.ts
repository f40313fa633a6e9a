import { refusalOf } from "../commandLine/refusal.ts";
import type { Environment } from "../program/environment/environment.ts";
import { latestExpiry, type InstanceSpec } from "../program/instance/instance.ts";
import * as bounds from "../program/instance/policyBounds.ts";
import type { Problem } from "../program/values/problems.ts";
import { tierNames } from "../program/values/tiers.ts";

// The bounds of the policy packs for the commands that write an instance's file: they refuse to
// write where stacks/policies.json is wrong.

function policiesOf(root: string): bounds.Policies {
  const { policies, errors } = bounds.readPolicies(root);
  if (errors.length > 0)
    throw refusalOf(`${bounds.policiesFile} is wrong; nothing was written:`, [...errors]);
  return policies;
}

/** The last day that a token of this instance may have by the policy packs. */
export const lastTokenDay = (
  root: string,
  instance: Pick<InstanceSpec, "name" | "tier" | "environment">,
  today: string,
): string | undefined => bounds.lastTokenDay(policiesOf(root), instance, today);

/** A last day for a token that no check refuses, whatever the instance's tier is. */
export const suggestedTokenDay = (root: string, environment: string, today: string): string =>
  tierNames
    .flatMap((tier) => lastTokenDay(root, { name: "", tier, environment }, today) ?? [])
    .concat(latestExpiry(today))
    .sort()[0]!;

/** What the policy packs would refuse of an instance at the next preview, said of its file. */
export const policyProblems = (
  root: string,
  environment: Environment,
  spec: InstanceSpec,
  today: string,
): Problem[] => bounds.policyProblems(policiesOf(root), environment, spec, today);
