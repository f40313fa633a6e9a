import { z } from "zod";
import { day } from "./day.ts";
import { strict, type Problem } from "./problems.ts";
import { show } from "./wrongValue.ts";

/** Settings that make an environment that of a pull request. */
export const reviewSchema = strict({
  pullRequest: z
    .int()
    .min(1)
    .describe("Number of the pull request; the stack is named pr-<number>."),
  until: day.describe(
    "Last day (UTC) of the environment and of its tokens; the day after, the reaper destroys it. At most 14 days ahead.",
  ),
  instances: z
    .array(z.string())
    .min(1, { error: "is empty; a preview is of one instance at least" })
    .describe(
      "Names of the files in instancesFolder that are previewed; instance fraud-detector is named pr-<number>-fraud-detector here.",
    ),
});

/**
 * The environment of a pull request: some instances of another environment's folder, each small,
 * under a name of its own, for some days.
 */
export type Preview = z.output<typeof reviewSchema>;

/** Days that a review environment may live from today on. */
export const reviewDays = { least: 1, most: 14, usual: 7 } as const;

const stackPattern = /^pr-([1-9][0-9]{0,8})$/;

export const reviewStack = (pullRequest: number): string => `pr-${pullRequest}`;

/**
 * The pull request whose review environment a stack of this name is; undefined for every other
 * stack.
 */
export function pullRequestOf(stack: string): number | undefined {
  const digits = stackPattern.exec(stack)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The day (UTC) that many days after a day. */
export const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 24 * 3600 * 1000).toISOString().slice(0, 10);

// A stack by that name is destroyed by the reaper one day, any other never: the name and the value
// must say the same.
export function reviewProblems(
  stack: string,
  preview: Preview | undefined,
  today: string | undefined,
): Problem[] {
  const pullRequest = pullRequestOf(stack);
  if (preview === undefined) {
    if (pullRequest === undefined) return [];
    return [
      {
        path: ["preview"],
        message: `is missing: a stack named ${stack} is a review environment; \`npx mlflow-instances review-environment up\` makes it`,
      },
    ];
  }
  const problems: Problem[] = [];
  if (pullRequest !== preview.pullRequest) {
    const message = `is ${preview.pullRequest}, but the stack is named ${stack}; a review environment is the stack pr-${preview.pullRequest} and no other`;
    problems.push({ path: ["preview", "pullRequest"], message });
  }
  preview.instances.forEach((name, index) => {
    if (preview.instances.indexOf(name) < index)
      problems.push({
        path: ["preview", "instances", index],
        message: `${show(name)} is named twice`,
      });
  });
  const latest = today === undefined ? undefined : dayAfter(today, reviewDays.most);
  if (latest !== undefined && preview.until > latest)
    problems.push({
      path: ["preview", "until"],
      message: `is ${preview.until}, more than ${reviewDays.most} days ahead; at most ${latest}`,
    });
  return problems;
}
