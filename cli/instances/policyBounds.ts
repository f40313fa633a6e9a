import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import * as bounds from "../../program/instance/policyBounds.ts";
import { policiesOf } from "../stackFiles.ts";
import { dayAfter } from "../../program/values/pullRequest.ts";
import { tierNames } from "../../program/values/tiers.ts";

// The bounds of the policy packs for the commands that write an instance's file.

/** The last day that a token of this instance may have by the policy packs. */
export const lastTokenDay = (
  root: string,
  instance: Pick<ResolvedInstance, "instanceName" | "tier" | "environment">,
  today: string,
): string | undefined => bounds.lastTokenDay(policiesOf(root), instance, today);

/**
 * A last day for a token that no check refuses, whatever the instance's tier is: a quarter ahead, or
 * the latest one that the policies allow.
 */
export const suggestedTokenDay = (root: string, environment: string, today: string): string =>
  tierNames
    .flatMap((tier) => lastTokenDay(root, { instanceName: "", tier, environment }, today) ?? [])
    .concat(dayAfter(today, 90))
    .sort()[0]!;
