import { join } from "node:path";

/**
 * A project's root with a `stacks/` of the tests' own: three environments on AWS, `local`'s
 * instances and a policy configuration. Tests read no other environment: a platform team may edit
 * every file of `stacks/`.
 */
export const fixtureRoot = join(import.meta.dirname, "..", "fixtures");

/** The environments with a stack file. */
export const fixtureStacks = ["dev", "staging", "prod"] as const;

/** A day on which the tokens of the instances are neither expired nor too long. */
export const fixtureToday = "2026-11-22";
