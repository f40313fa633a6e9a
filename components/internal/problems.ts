import * as pulumi from "@pulumi/pulumi";

/** One thing that is wrong: where, and what to do. Never the value of a secret. */
export interface Problem {
  propertyPath: string;
  reason: string;
}

/** Notes a problem unless `ok`. */
export type Report = (propertyPath: string, ok: boolean, reason: string) => void;

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

export function isOneOf(values: Record<string, string>, value: string): boolean {
  return Object.values(values).includes(value);
}

export function oneOf(values: Record<string, string>): string {
  return `must be one of ${Object.values(values).join(", ")}`;
}
