import { z } from "zod";
import { kubernetesType, placeOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";
import { holdsTokens, tokensOf, workloadsOf } from "../model/tokens.ts";

const roles = ["read", "edit", "manage", "admin"] as const;

const inWords = (roles: readonly string[]) => roles.join(", ").replace(/, (?=[^,]*$)/, " or ");

export const tokenHasAllowedRole = resourceRule({
  name: "token-has-allowed-role",
  pack: "security",
  severity: "high",
  demand:
    "Every access token and every workload has a role that its tier and environment allow; production has no admin.",
  reason:
    "An admin token changes webhooks and gateway secrets; in production that is the platform team's task.",
  steps:
    "Set role of the token or workload in the instance's file to one of those in the message, or have the instance excluded for a while.",
  settings: z.object({
    roles: bounds(z.array(z.enum(roles)).min(1), [...roles], {
      tiers: { production: ["read", "edit", "manage"] },
    }).describe("Roles that a token or a workload may have."),
  }),
  types: [kubernetesType.secret],
  *check(secret, { settings }) {
    if (!holdsTokens(secret)) return;
    const allowed: readonly string[] = boundFor(settings.roles, placeOf(secret));
    // What is no list at all is said by token-expires-in-time.
    for (const { name, role } of tokensOf(secret) ?? [])
      if (typeof role !== "string" || !allowed.includes(role))
        yield `The token ${name} has the role ${String(role)}; set tokens.${name}.role to ${inWords(allowed)}.`;
    for (const { name, role } of workloadsOf(secret))
      if (typeof role !== "string" || !allowed.includes(role))
        yield `The workload ${name} has the role ${String(role)}; set workloads.${name}.role to ${inWords(allowed)}.`;
  },
});
