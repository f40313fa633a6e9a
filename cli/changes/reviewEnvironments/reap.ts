import { dayAfter, reviewDays } from "../../../program/values/pullRequest.ts";
import { Refusal } from "../../refusal.ts";
import { openBackend, type ListedStack, type Workplace } from "./backend.ts";
import { claimOf, type Claim } from "./claim.ts";
import { destroyStack } from "./destroy.ts";
import { todayOf } from "./lifetime.ts";

/** What is to be done with a stack, and why. */
export interface Verdict {
  readonly act: "destroy" | "keep" | "leave alone";
  readonly why: string;
}

/** What was done with it. */
export interface Reaped extends Verdict {
  readonly stack: string;
  readonly outcome: "destroyed" | "failed" | "untouched";
}

/** `today` is a day in UTC: an environment lives through the whole of its last one. */
export function verdictOf(
  { lastUpdate }: Pick<ListedStack, "lastUpdate">,
  claim: Claim,
  isEmpty: boolean,
  today: string,
): Verdict {
  if (!claim.preview) return { act: "leave alone", why: claim.why };
  if (claim.until !== undefined) {
    return claim.until < today
      ? { act: "destroy", why: `its last day was ${claim.until}` }
      : { act: "keep", why: `until ${claim.until}` };
  }
  if (lastUpdate === undefined) {
    return isEmpty
      ? { act: "destroy", why: "it was never updated and has nothing" }
      : { act: "keep", why: "its age is unknown" };
  }
  // Its outputs, and the day in them, come with the first complete update; none took longer than a
  // preview may live.
  const until = dayAfter(todayOf(new Date(lastUpdate)), reviewDays.most);
  const since = `no update of it was completed, the last try was on ${todayOf(new Date(lastUpdate))}`;
  return until < today
    ? { act: "destroy", why: since }
    : { act: "keep", why: `${since}; until ${until}` };
}

/** Destroys every review environment whose time is over; goes on past one that fails. */
export async function reap(
  workplace: Workplace,
  { today, dryRun }: { readonly today: string; readonly dryRun: boolean },
): Promise<Reaped[]> {
  const backend = openBackend(workplace);
  const reaped: Reaped[] = [];
  for (const listed of await backend.previews()) {
    const stack = listed.name;
    let verdict: Verdict = { act: "keep", why: "its state can't be read" };
    try {
      const state = await backend.state(stack);
      verdict = verdictOf(listed, claimOf(stack, state), state.resources.length === 0, today);
      if (verdict.act !== "destroy" || dryRun) {
        reaped.push({ stack, ...verdict, outcome: "untouched" });
        continue;
      }
      workplace.note(`${stack}: ${verdict.why}`);
      await destroyStack(workplace, backend, stack);
      reaped.push({ stack, ...verdict, outcome: "destroyed" });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      workplace.note(error.message);
      reaped.push({ stack, ...verdict, outcome: "failed" });
    }
    // What was asked to end does not begin with the next one.
    if (workplace.signal?.aborted) break;
  }
  return reaped;
}
