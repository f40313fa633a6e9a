import { describe, expect, test } from "vitest";
import type { DatabaseServerArgs } from "@mlflow-instances/components";
import { isResourceRule } from "../../policies/rule.ts";
import { rules } from "../../policies/rules.ts";
import { instance } from "../policies/instances.ts";
import { namespace } from "../policies/fixtures.ts";
import { allResourceRules, judge, judgeStack, type Given, type Verdict } from "../policies/support.ts";
import { runServer } from "../support/databaseServer.ts";

/** What the component registers, as a policy pack gets it. */
async function registered(changes: Partial<DatabaseServerArgs>): Promise<Given[]> {
  const { registrations } = await runServer(changes);
  return registrations
    .filter(({ custom }) => custom)
    .map(({ type, name, inputs, protect }) => ({
      type,
      name,
      props: inputs,
      urn: `urn:pulumi:${changes.environment ?? "dev"}::mlflow-instances::${type}::${name}`,
      opts: { protect },
    }));
}

/** Every rule on the server's resources, in a stack with an instance of the same environment. */
async function verdictOf(changes: Partial<DatabaseServerArgs>, retention = "30d"): Promise<string[]> {
  const given = await registered(changes);
  const said = (name: string, { violations, later }: Verdict): string[] =>
    [...violations, ...later].map((message) => `${name}: ${message}`);
  const found: string[] = [];
  for (const rule of allResourceRules(rules))
    for (const resource of given.filter(({ type }) => rule.types.includes(type)))
      found.push(...said(rule.name, await judge(rule, resource)));
  const marks = { "mlflow-instances/environment": changes.environment ?? "dev", "mlflow-instances/tier": changes.tier ?? "standard" };
  const shop = instance("shop", { namespace: namespace(marks, { "mlflow-instances/deleted-experiment-retention": retention }) });
  for (const rule of rules) {
    if (isResourceRule(rule)) continue;
    // What the rules say about the instance alone is not the server's.
    const alone = said(rule.name, await judgeStack(rule, shop));
    const together = said(rule.name, await judgeStack(rule, [...shop, ...given]));
    found.push(...together.filter((message) => !alone.includes(message)));
  }
  return found;
}

describe("what a server registers passes every rule", () => {
  test.each<[string, Partial<DatabaseServerArgs>, string]>([
    ["production", { tier: "production", environment: "prod" }, "30d"],
    ["standard", { tier: "standard", environment: "dev" }, "30d"],
    ["sandbox", { tier: "sandbox", environment: "dev" }, "7d"],
    ["the longest backups", { tier: "production", environment: "prod", backupRetention: "35d" }, "35d"],
    ["a key of one's own", { kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000" }, "30d"],
  ])("%s", async (_what, changes, retention) => {
    expect(await verdictOf(changes, retention)).toEqual([]);
  });
});

// Otherwise the test above could pass because no rule looks.
test("the rules look: what was weakened is refused", async () => {
  const names = async (changes: Partial<DatabaseServerArgs>, retention?: string) =>
    (await verdictOf(changes, retention)).map((message) => message.split(":")[0]);
  expect(await names({ tier: "production", environment: "prod", protect: false })).toEqual([
    "data-holder-refuses-deletion",
    "data-holder-is-protected",
  ]);
  expect(await names({ tier: "production", environment: "prod", finalSnapshot: false })).toEqual(["data-holder-refuses-deletion"]);
  expect(await names({ tier: "production", environment: "prod", backupRetention: "7d" })).toEqual(["database-backup-outlasts-retention"]);
  expect(await names({ tier: "sandbox", environment: "prod" }, "7d")).toEqual([
    "data-holder-refuses-deletion",
    "data-holder-refuses-deletion",
    "data-holder-is-protected",
  ]);
});
