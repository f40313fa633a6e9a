import {
  Secret,
  type PolicyResource,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import * as deserialize from "@pulumi/policy/deserialize.js";
import * as proxy from "@pulumi/policy/proxy.js";
import * as secret from "@pulumi/policy/secret.js";
import type { ResourceRule, Rule, StackRule } from "../../../policies/rule.ts";
import { toPolicy } from "../../../policies/sdk/toPolicy.ts";

// The SDK's own guards: what a preview can't know throws here as it does under the engine.
const { unknownCheckingProxy, unknownStringValue } = proxy as unknown as {
  unknownCheckingProxy: (props: object) => Record<string, unknown>;
  unknownStringValue: string;
};

const { secretsPreservingProxy } = secret as unknown as {
  secretsPreservingProxy: <T extends object>(props: T) => T;
};
const { serializeProperties } = deserialize as unknown as {
  serializeProperties: (props: object) => Promise<object>;
};

/** Stands in a fixture for a value that a preview can't know. */
export const unknown: string = unknownStringValue;

export interface Given {
  readonly type: string;
  readonly props: Record<string, any>;
  readonly name?: string;
  readonly urn?: string;
  readonly opts?: { readonly protect?: boolean };
  readonly provider?: {
    readonly type: string;
    readonly props: Record<string, unknown>;
    readonly urn?: string;
  };
}

interface Options {
  /** The rule's configuration as the platform team writes it. */
  readonly config?: object;
  readonly today?: string;
}

/**
 * What a rule says: violations, each without the rule's own sentence in front, and what it puts off
 * to `up`.
 */
export interface Verdict {
  readonly violations: string[];
  readonly later: string[];
}

/** Today in every spec that gives no other. */
export const today = "2026-11-22";

// Whatever a rule reads besides the given fails the test instead of passing by a default.
const only = <T extends object>(what: string, values: object): T =>
  new Proxy(values, {
    get(target, key) {
      if (key in target) return (target as Record<PropertyKey, unknown>)[key];
      throw new Error(`the rule reads ${what}.${String(key)}, which the test does not give`);
    },
  }) as T;

const resourceOf = (
  { type, props, name = "shop-resource", urn, opts = {}, provider }: Given,
  index = 0,
): object => ({
  type,
  name,
  urn: urn ?? `urn:${index}`,
  props: unknownCheckingProxy(structuredClone(props)),
  opts: { protect: false, ...opts },
  provider,
});

const served = new WeakMap<Rule, Map<string, ResourceValidationPolicy>>();

/** A resource rule as the SDK serves it. Made once: its schema is most of the work. */
function servedPolicy(rule: ResourceRule<any>, options: Options): ResourceValidationPolicy {
  const policies = served.get(rule) ?? new Map<string, ResourceValidationPolicy>();
  served.set(rule, policies);
  const key = JSON.stringify(options);
  const known = policies.get(key);
  if (known !== undefined) return known;
  const made = toPolicy(rule, () => options.today ?? today) as ResourceValidationPolicy;
  policies.set(key, made);
  return made;
}

/** The verdict of a resource rule on one resource. */
export async function judge(
  rule: ResourceRule<any>,
  resource: Given,
  options: Options = {},
): Promise<Verdict> {
  const { validateResource } = servedPolicy(rule, options);
  if (typeof validateResource !== "function")
    throw new Error(`${rule.name} has not exactly one validation`);
  return verdictOf(rule, (report) =>
    validateResource(
      only("args", { ...resourceOf(resource), getConfig: () => options.config ?? {} }),
      report,
    ),
  );
}

/** Resources as a stack rule gets them. */
export const asStack = (resources: readonly Given[]): PolicyResource[] =>
  resources.map((resource, index) => only<PolicyResource>("resource", resourceOf(resource, index)));

/** The verdict of a stack rule; each message begins with the resource that it blames. */
export async function judgeStack(
  rule: StackRule<any>,
  resources: readonly Given[],
  options: Options = {},
): Promise<Verdict> {
  const { validateStack } = toPolicy(rule, () => options.today ?? today) as StackValidationPolicy;
  const given = asStack(resources);
  return verdictOf(
    rule,
    (report) =>
      validateStack(
        only("args", { resources: given, getConfig: () => options.config ?? {} }),
        report,
      ),
    (message, urn) => `${urn ?? "stack"}: ${message}`,
  );
}

/**
 * The properties after the rule's remedy, as they go to the engine; undefined when it changes
 * nothing.
 */
export async function remedied(
  rule: ResourceRule<any>,
  resource: Given,
  options: Options = {},
): Promise<object | undefined> {
  const { remediateResource } = toPolicy(
    rule,
    () => options.today ?? today,
  ) as ResourceValidationPolicy;
  if (remediateResource === undefined) throw new Error(`${rule.name} has no remedy`);
  // Guarded twice, as the SDK does it: what is a secret has to stay one.
  const props = unknownCheckingProxy(secretsPreservingProxy(cloneOf(resource.props)));
  const changed = await remediateResource(
    only("args", {
      ...resourceOf({ ...resource, props: {} }),
      props,
      getConfig: () => options.config ?? {},
    }),
  );
  return changed === undefined ? undefined : await serializeProperties(changed);
}

/** A copy in which a `Secret` stays one. */
function cloneOf<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof Secret) return value;
  if (Array.isArray(value)) return value.map(cloneOf) as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, cloneOf(inner)]),
  ) as T;
}

async function verdictOf(
  rule: Rule,
  run: (report: (message: string, urn?: string) => void) => Promise<void> | void,
  show: (message: string, urn?: string) => string = (message) => message,
): Promise<Verdict> {
  const violations: string[] = [];
  const later: string[] = [];
  const report = (found: unknown): void => {
    const { message, urn, enforcementLevel } = found as {
      message: string;
      urn?: string;
      enforcementLevel?: string;
    };
    const [demand, ...rest] = message.split("\n");
    if (demand !== rule.demand)
      throw new Error(`the message does not begin with the rule's demand: ${message}`);
    (enforcementLevel === "advisory" ? later : violations).push(show(rest.join("\n"), urn));
  };
  await run(report);
  return { violations, later };
}

/** Nothing is wrong, and nothing is put off. */
export const clean: Verdict = { violations: [], later: [] };
