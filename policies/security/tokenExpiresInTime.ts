import { z } from "zod";
import { kubernetesType, placeOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";
import { holdsTokens, tokensOf } from "../model/tokens.ts";

const day = 24 * 3600 * 1000;

const dateIn = (today: string, days: number): string =>
  new Date(Date.parse(today) + days * day).toISOString().slice(0, 10);

export const tokenExpiresInTime = resourceRule({
  name: "token-expires-in-time",
  pack: "security",
  severity: "high",
  demand: "Every access token ends on a day within the bounds of its tier and environment.",
  reason: "What leaked without a trace stops working by itself.",
  steps: "Set expires of the token in the instance's file to the day of the message or earlier.",
  settings: z.object({
    maxDays: bounds(z.int().min(1).max(3660), 180, { tiers: { production: 90 } }).describe(
      "Most days from today to a token's last one.",
    ),
  }),
  types: [kubernetesType.secret],
  *check(secret, { settings, today }) {
    if (!holdsTokens(secret)) return;
    const tokens = tokensOf(secret);
    if (tokens === undefined)
      return yield "tokens.json (or the annotation mlflow-instances/tokens) is no list of tokens.";
    const most = boundFor(settings.maxDays, placeOf(secret));
    const latest = dateIn(today, most);
    for (const { name, expires } of tokens) {
      if (typeof expires !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(expires))
        yield `The token ${name} has no last day; set tokens.${name}.expires to ${latest} or earlier.`;
      else if (expires > latest)
        yield `The token ${name} ends on ${expires}; set tokens.${name}.expires to ${latest} or earlier (${most} days from today).`;
    }
  },
});
