import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { Problem } from "../values/problems.ts";
import { dayAfter } from "../values/pullRequest.ts";

/** A token as the last update left it. */
export interface DeployedToken {
  readonly generation: number;
  /** Day on which its value was made; undefined for values of before 2026-12. */
  readonly created: string | undefined;
  /** The same of the value before. */
  readonly previousCreated: string | undefined;
  /** `<namespace>/<name>` of the Secret in which it is delivered. */
  readonly deliveredTo?: string | undefined;
}

export type DeployedTokens = ReadonlyMap<string, DeployedToken>;

/** Days before its end from which a token is told in every preview and by `tokens`. */
export const endingDays = 14;

/** Tokens that are over or end soon: no errors, but worth knowing. */
export const endingTokens = (
  { tokens }: Pick<ResolvedInstance, "tokens">,
  today: string,
): Problem[] =>
  tokens
    .filter(({ expires }) => expires <= dayAfter(today, endingDays))
    .map(({ name, expires }) => ({
      path: ["tokens", name, "expires"],
      message:
        expires < today
          ? `expired on ${expires}; the server refuses this token`
          : `ends on ${expires}; raise the token's generation, with previousValidUntil, before its clients get 401`,
    }));

/** Day on which a token's value was made, where that is known; its generations follow each other. */
export function madeOn(
  deployed: DeployedTokens | undefined,
  name: string,
  generation: number,
): string | undefined {
  const token = deployed?.get(name);
  if (token?.generation === generation) return token.created;
  return token?.generation === generation + 1 ? token.previousCreated : undefined;
}

interface Dates {
  readonly created: string;
  readonly previousCreated?: string;
}

/**
 * Days on which a token's values were made. Of a value of before 2026-12 it is the day of the first
 * update that takes note of it.
 */
export function datesOf(
  deployed: DeployedTokens | undefined,
  { name, generation = 1 }: { readonly name: string; readonly generation?: number },
  today: string,
): Dates {
  const before = madeOn(deployed, name, generation - 1);
  return {
    created: madeOn(deployed, name, generation) ?? today,
    ...(before === undefined ? {} : { previousCreated: before }),
  };
}

/** New values that are over before they begin, and rotations that skip one or go back to one. */
export function newValueProblems(
  { tokens }: Pick<ResolvedInstance, "tokens">,
  deployed: DeployedTokens | undefined,
  today: string,
): Problem[] {
  // In a stack that is built again every value is new, and the files are what they were.
  if (deployed === undefined) return [];
  return tokens.flatMap(({ name, generation = 1, expires, previousValidUntil: until }) => {
    const now = deployed.get(name)?.generation;
    if (now === generation) return [];
    const problem = (key: string, message: string): Problem => ({
      path: ["tokens", name, key],
      message,
    });
    if (now !== undefined && generation < now)
      return problem("generation", `is ${generation}, but ${now} is deployed, and it only rises`);
    if (now !== undefined && generation > now + 1)
      return problem(
        "generation",
        `is ${generation}, but ${now} is deployed; the next one is ${now + 1}`,
      );
    if (expires < today)
      return problem(
        "expires",
        `is ${expires}, which is over; a new value needs a day from ${today} on`,
      );
    return now !== undefined && until !== undefined && until < today
      ? problem(
          "previousValidUntil",
          `is ${until}, which is over; the value in use would be refused at once. Set a day from ${today} on, or leave it out to revoke that value`,
        )
      : [];
  });
}
