import type { Input } from "@pulumi/pulumi";
import type { IdRule } from "./idRules.ts";

/** One thing that is wrong: where, and what to do. Never the value of a secret. */
export interface Problem {
  propertyPath: string;
  reason: string;
}

/** Notes a problem unless `ok`. */
export type Report = (propertyPath: string, ok: boolean, reason: string) => void;

/** A value that can be looked into; undefined: it is an output, or not set. */
export function plain(value: Input<string> | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Reports an id that can be looked into and breaks its rule. */
export function reportId(
  report: Report,
  path: string,
  value: Input<string> | undefined,
  { holds, reason }: IdRule,
): void {
  const known = plain(value);
  report(path, known === undefined || holds(known), reason);
}

export function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

export function isOneOf(values: Record<string, string>, value: string): boolean {
  return Object.values(values).includes(value);
}

export function oneOf(values: Record<string, string>): string {
  return `must be one of ${Object.values(values).join(", ")}`;
}
