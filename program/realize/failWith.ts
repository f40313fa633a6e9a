import { RunError } from "@pulumi/pulumi";

/**
 * All lines as one error that Pulumi prints without a stack trace, before any resource is
 * registered.
 */
export function failWith(title: string, lines: readonly string[]): never {
  throw new RunError([title, ...lines.map((line) => `  ${line}`)].join("\n"));
}
