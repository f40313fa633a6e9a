import { asObject } from "../../../program/environment/stackFile.ts";
import { reviewStack, pullRequestOf } from "../../../program/values/pullRequest.ts";
import type { StackState } from "./state.ts";

/**
 * Whether a stack is a review environment, by its name and by what its state says; anything else
 * is never touched.
 */
export type Claim =
  | { readonly preview: true; readonly until: string | undefined }
  | { readonly preview: false; readonly why: string };

const isDay = (value: unknown): value is string =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);

/**
 * The name alone is not enough: a stack may be called `pr-12` for another reason.
 * The outputs say it after the first complete update; before that, every resource bears the pull
 * request in its name, which the program gives to nothing else.
 */
export function claimOf(
  stack: string,
  { outputs, resources }: Pick<StackState, "outputs" | "resources">,
): Claim {
  const pullRequest = pullRequestOf(stack);
  if (pullRequest === undefined) return { preview: false, why: "is not named pr-<number>" };
  const said = outputs["preview"];
  if (said !== undefined) {
    const { pullRequest: number, until } = asObject(said);
    if (number !== pullRequest || !isDay(until))
      return {
        preview: false,
        why: `its output "preview" is not that of pull request ${pullRequest}`,
      };
    return { preview: true, until };
  }
  if (Object.keys(outputs).length > 0)
    return {
      preview: false,
      why: 'its outputs have no "preview": it was not made as a review environment',
    };
  const foreign = resources.find(
    ({ type, name }) => !isScenery(type) && !name.startsWith(`${reviewStack(pullRequest)}-`),
  );
  if (foreign !== undefined)
    return {
      preview: false,
      why: `it has ${foreign.name} (${foreign.type}), which is no part of a review environment`,
    };
  return { preview: true, until: undefined };
}

// In every stack of this project, under the same names.
const isScenery = (type: string): boolean =>
  type === "pulumi:pulumi:Stack" || type.startsWith("pulumi:providers:");
