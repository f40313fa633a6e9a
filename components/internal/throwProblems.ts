import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "./problems.ts";

/** Throws all problems at once, before the first resource. */
export function throwProblems(component: string, errors: Problem[]): void {
  if (errors.length === 0) return;
  const lines = errors.map(({ propertyPath, reason }) => `  ${propertyPath}: ${reason}`);
  // The list is in the message, too: a program prints only that, a component package only the list.
  throw new pulumi.InputPropertiesError({
    message: `${component} has invalid arguments:\n${lines.join("\n")}`,
    errors,
  });
}
