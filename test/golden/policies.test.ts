import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mlflowIsNotDowngradedAfter } from "../../policies/reliability/mlflowIsNotDowngraded.ts";
import { retentionIsNotCutShortOf } from "../../policies/retention/retentionIsNotCutShort.ts";
import { isResourceRule, type Rule } from "../../policies/rule.ts";
import { rules } from "../../policies/rules.ts";
import { judge, judgeStack, type Given } from "../policies/support.ts";
import type { Registration } from "../support/mocks.ts";
import { environments, type EnvironmentName } from "./environments.ts";
import { registered } from "./registered.ts";

const configuration = JSON.parse(readFileSync(join(import.meta.dirname, "../../stacks/policies.json"), "utf8")) as Record<string, object>;
const today = new Date().toISOString().slice(0, 10);

// These two compare with the state of an environment that runs; there is none here.
const nothingYet = () => Promise.resolve({ instances: new Map<string, never>() });
const withoutState = [mlflowIsNotDowngradedAfter(nothingYet), retentionIsNotCutShortOf(nothingYet)];
const asked: Rule[] = rules.map((rule) => withoutState.find(({ name }) => name === rule.name) ?? rule);

/** What the program registers, as a policy pack gets it. */
async function given(name: EnvironmentName): Promise<Given[]> {
  const { providers, registrations } = await registered(name);
  const urnOf = ({ type, name: own }: Registration) => `urn:pulumi:${name}::mlflow-instances::${type}::${own}`;
  const ofProvider = (reference: string) => {
    const provider = providers.find((each) => each.name === reference.split("::")[3]);
    return provider && { type: provider.type, props: provider.inputs, urn: urnOf(provider) };
  };
  return [...providers, ...registrations.filter(({ custom }) => custom)].map((each) => {
    const provider = ofProvider(each.provider);
    const own = { type: each.type, name: each.name, props: each.inputs, urn: urnOf(each), opts: { protect: each.protect } };
    return provider === undefined ? own : { ...own, provider };
  });
}

async function verdict(resources: readonly Given[]): Promise<string[]> {
  const said: string[] = [];
  for (const rule of asked) {
    const options = { config: configuration[rule.name] ?? {}, today };
    const verdicts = isResourceRule(rule)
      ? await Promise.all(resources.filter(({ type }) => rule.types.includes(type)).map((resource) => judge(rule, resource, options)))
      : [await judgeStack(rule, resources, options)];
    for (const { violations, later } of verdicts) said.push(...[...violations, ...later].map((message) => `${rule.name}: ${message}`));
  }
  return said;
}

// The stack files are examples to copy: what they make has to pass, with the configuration that lies beside them.
test.each(environments)("%s keeps every rule", async (name) => {
  expect(await verdict(await given(name))).toEqual([]);
});

test("the rules look: a bucket at AWS without its cost center is refused, and so is a database server whose backups are gone too early", async () => {
  const resources = structuredClone(await given("dev"));
  const one = (type: string) => resources.find((resource) => resource.type === type)!.props;
  delete one("aws:s3/bucket:Bucket")["tags"]["cost-center"];
  one("aws:rds/instance:Instance")["backupRetentionPeriod"] = 1;
  expect((await verdict(resources)).map((message) => message.split(":")[0])).toEqual(
    expect.arrayContaining(["bucket-has-cost-center", "database-backup-outlasts-retention"]),
  );
});
