import { mlflowIsNotDowngradedAfter } from "../../../policies/reliability/mlflowIsNotDowngraded.ts";
import { retentionIsNotCutShortOf } from "../../../policies/retention/retentionIsNotCutShort.ts";
import { isResourceRule, type Rule } from "../../../policies/rule.ts";
import { rules } from "../../../policies/rules.ts";
import type { Registration } from "../../support/mocks.ts";
import { urnOf } from "../../support/urn.ts";
import { judge, judgeStack, type Given, type Verdict } from "./support.ts";

// These two compare with the state of an environment that runs; there is none here.
const nothingYet = () => Promise.resolve({ instances: new Map<string, never>() });
const withoutState = [mlflowIsNotDowngradedAfter(nothingYet), retentionIsNotCutShortOf(nothingYet)];
const everyRule: Rule[] = rules.map(
  (rule) => withoutState.find(({ name }) => name === rule.name) ?? rule,
);

/** What a program registered in an environment, as a policy pack gets it, but for its provider. */
export const asGiven = (
  environment: string,
  registration: Pick<Registration, "type" | "name" | "inputs" | "protect">,
): Given => ({
  type: registration.type,
  name: registration.name,
  props: registration.inputs,
  urn: urnOf(environment, registration),
  opts: { protect: registration.protect },
});

/**
 * What every rule says of resources that make a stack, or puts off: `<rule>: <message>`, first of
 * single resources, then of the whole.
 */
export async function saidOf(
  resources: readonly Given[],
  optionsOf: (rule: Rule) => { config?: object; today?: string } = () => ({}),
): Promise<string[]> {
  const ofEach: string[] = [];
  const ofAll: string[] = [];
  const linesOf = (rule: Rule, { violations, later }: Verdict) =>
    [...violations, ...later].map((message) => `${rule.name}: ${message}`);
  for (const rule of everyRule) {
    const options = optionsOf(rule);
    if (!isResourceRule(rule))
      ofAll.push(...linesOf(rule, await judgeStack(rule, resources, options)));
    else
      for (const resource of resources.filter(({ type }) => rule.types.includes(type)))
        ofEach.push(...linesOf(rule, await judge(rule, resource, options)));
  }
  return [...ofEach, ...ofAll];
}
