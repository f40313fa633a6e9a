import { dayAfter, reviewDays } from "../../../program/values/pullRequest.ts";
import { Refusal } from "../../refusal.ts";

/** The last day (UTC) of an environment that is made or renewed today. */
export function untilOf(ttl: string, today: string): string {
  const days = Number(/^([1-9][0-9]?)d$/.exec(ttl)?.[1]);
  if (!(days >= reviewDays.least && days <= reviewDays.most))
    throw new Refusal(
      `--ttl ${ttl}: expected ${reviewDays.least}d to ${reviewDays.most}d, a whole number of days`,
    );
  return dayAfter(today, days);
}

/** Today in UTC, in which every date of this project is meant. */
export const todayOf = (now: Date): string => now.toISOString().slice(0, 10);
