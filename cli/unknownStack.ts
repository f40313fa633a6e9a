import { stackNames } from "../program/instance/stackOnDisk.ts";
import { nearestFirst } from "../program/values/nearest.ts";
import { Refusal } from "./refusal.ts";

/** Refuses a name that no file of stacks/ has, with the names that there are. */
export function refuseUnknownStack(root: string, stack: string): void {
  const known = stackNames(root);
  if (!known.includes(stack))
    throw new Refusal(
      `There is no stack "${stack}"; those with a file in stacks/ are: ${nearestFirst(stack, known).join(", ") || "none"}.`,
    );
}
