import type {
  EnforcementLevel,
  PolicyResource,
  ResourceValidationArgs,
  Severity,
} from "@pulumi/policy";
import type { z } from "zod";
import type { Instance, Stack } from "./model/stack.ts";

export const packs = ["naming", "retention", "security", "reliability", "isolation"] as const;
export type PackName = (typeof packs)[number];

/**
 * A resource as a rule sees it. Reading a value that a preview can't know yet throws;
 * `Context.known` is the way to go on past it.
 */
export type Resource = Pick<
  ResourceValidationArgs,
  "type" | "name" | "urn" | "props" | "opts" | "provider"
>;

/** What a rule has found. */
export interface Problem {
  /** What is wrong, and what to set where. Never the value of a secret. */
  readonly message: string;
  /** The resource to blame, of a stack rule; a resource rule blames its resource. */
  readonly urn?: string;
  /** Names of the instances that it concerns, for exclusions; default: the resource's own. */
  readonly instances?: readonly string[];
}

export interface Context<Settings> {
  readonly settings: Settings;
  /** Today's date in UTC, `YYYY-MM-DD`. */
  readonly today: string;
  /**
   * The value, or undefined while a preview can't know it; the rule then says itself what it will
   * check at `up`.
   */
  known<T>(read: () => T): T | undefined;
}

interface Facts<Schema extends z.ZodObject> {
  /** Kebab case, unique over all packs: the name in configuration, messages and docs. */
  readonly name: string;
  readonly pack: PackName;
  readonly severity: Severity;
  /** What must be so, in one sentence. */
  readonly demand: string;
  /** Why, in one sentence. */
  readonly reason: string;
  /** What to change so that the rule holds, in one or two sentences. */
  readonly steps: string;
  /** Settings of the rule's own, every field with a default and a description. */
  readonly settings?: Schema;
}

/** Judges one resource by itself, before it changes. */
export interface ResourceRule<Schema extends z.ZodObject = z.ZodObject> extends Facts<Schema> {
  readonly types: readonly string[];
  check(
    resource: Resource,
    context: Context<z.output<Schema>>,
  ): Iterable<string | Problem> | AsyncIterable<string | Problem>;
  /**
   * The resource's properties with the fix, where it is certain; undefined where nothing is to be
   * fixed. Applied only where the rule's level is `remediate`.
   */
  remedy?(
    resource: Resource,
    context: Context<z.output<Schema>>,
  ): Record<string, unknown> | undefined;
}

/**
 * Judges all resources together; only for what one resource can't tell, because it is asked at the
 * end of an `up`.
 */
export interface StackRule<Schema extends z.ZodObject = z.ZodObject> extends Facts<Schema> {
  check(
    stack: Stack,
    context: Context<z.output<Schema>>,
  ): Iterable<Problem> | AsyncIterable<Problem>;
}

export type Rule = ResourceRule<any> | StackRule<any>;

export const isResourceRule = (rule: Rule): rule is ResourceRule<any> => "types" in rule;

/** Where a rule is explained: its row in the table, from the repository's root. */
export const urlOf = ({ name }: Pick<Rule, "name">): string => `docs/policies.md#${name}`;

/** How much a rule weighs without configuration: one of low severity advises. */
export const levelOf = ({ severity }: Rule): EnforcementLevel =>
  severity === "low" ? "advisory" : "mandatory";

// The two give a rule's literal its types.
export const resourceRule = <Schema extends z.ZodObject>(
  rule: ResourceRule<Schema>,
): ResourceRule<Schema> => rule;
export const stackRule = <Schema extends z.ZodObject>(rule: StackRule<Schema>): StackRule<Schema> =>
  rule;

/** A problem of an instance, blamed on one of its resources. */
export const problemOf = (
  instance: Instance,
  message: string,
  blamed: PolicyResource = instance.namespace,
): Problem => ({
  message,
  urn: blamed.urn,
  instances: [instance.name],
});
