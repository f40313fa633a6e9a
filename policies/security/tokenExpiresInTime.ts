import { z } from "zod";
import { kubernetesType, placeOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";
import { holdsTokens, tokensOf } from "../model/tokens.ts";

const day = 24 * 3600 * 1000;

const dateIn = (today: string, days: number): string =>
  new Date(Date.parse(today) + days * day).toISOString().slice(0, 10);

const isDay = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value);

const numberOf = (generation: unknown): number => (typeof generation === "number" ? generation : 1);

export const tokenExpiresInTime = resourceRule({
  name: "token-expires-in-time",
  pack: "security",
  severity: "high",
  demand:
    "Every value of an access token ends within the bounds of its tier and environment, counted from the day on which it was made.",
  reason: "What leaked without a trace stops working by itself.",
  steps:
    "Set expires of the token in the instance's file to the day of the message or earlier, or raise its generation: the new value has a life of its own.",
  settings: z.object({
    maxDays: bounds(z.int().min(1).max(3660), 180, { tiers: { production: 90 } }).describe(
      "Most days in the life of a token's value. They begin on the day on which it was made, or today where that is not known.",
    ),
  }),
  types: [kubernetesType.secret],
  *check(secret, { settings, today }) {
    if (!holdsTokens(secret)) return;
    const tokens = tokensOf(secret);
    if (tokens === undefined)
      return yield "tokens.json (or the annotation mlflow-instances/tokens) is no list of tokens.";
    const most = boundFor(settings.maxDays, placeOf(secret));
    const newest = new Map<string, number>();
    for (const { name, generation } of tokens)
      newest.set(name, Math.max(newest.get(name) ?? 0, numberOf(generation)));
    for (const { name, expires, generation, created } of tokens) {
      const from = isDay(created) && created < today ? created : today;
      const latest = dateIn(from, most);
      const isPrevious = numberOf(generation) < newest.get(name)!;
      const value = isPrevious ? `previous value of the token ${name}` : `token ${name}`;
      const set = `set tokens.${name}.${isPrevious ? "previousValidUntil" : "expires"} to ${latest} or earlier`;
      const since = from === today ? "today" : `${from}, when it was made`;
      if (!isDay(expires)) yield `The ${value} has no last day; ${set}.`;
      else if (expires > latest)
        yield `The ${value} ends on ${expires}; ${set} (${most} days from ${since})${from === today ? "" : ", or raise its generation"}.`;
    }
  },
});
