import { z } from "zod";
import { kubernetesType, placeOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";
import { holdsTokens, tokensOf } from "../model/tokens.ts";

const roles = ["read", "edit", "manage", "admin"] as const;

export const tokenHasAllowedRole = resourceRule({
  name: "token-has-allowed-role",
  pack: "security",
  severity: "high",
  demand:
    "Every access token has a role that its tier and environment allow; production has no admin token.",
  reason:
    "An admin token changes webhooks and gateway secrets; in production that is the platform team's task.",
  steps:
    "Set role of the token in the instance's file to one of those in the message, or have the instance excluded for a while.",
  settings: z.object({
    roles: bounds(z.array(z.enum(roles)).min(1), [...roles], {
      tiers: { production: ["read", "edit", "manage"] },
    }).describe("Roles that a token may have."),
  }),
  types: [kubernetesType.secret],
  *check(secret, { settings }) {
    if (!holdsTokens(secret)) return;
    const allowed: readonly string[] = boundFor(settings.roles, placeOf(secret));
    // What is no list at all is said by token-expires-in-time.
    for (const { name, role } of tokensOf(secret) ?? [])
      if (typeof role !== "string" || !allowed.includes(role))
        yield `The token ${name} has the role ${String(role)}; set tokens.${name}.role to ${allowed.join(", ").replace(/, (?=[^,]*$)/, " or ")}.`;
  },
});
