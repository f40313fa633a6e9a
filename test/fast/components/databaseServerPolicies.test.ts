import { describe, expect, test } from "vitest";
import type { NamedServerArgs } from "@mlflow-instances/components/internal";
import { asGiven, saidOf } from "../policies/everyRule.ts";
import { namespace } from "../policies/fixtures.ts";
import { instance } from "../policies/instances.ts";
import { runServer } from "../../support/databaseServer.ts";

/**
 * What every rule says of the server's resources, in a stack with an instance of the same
 * environment.
 */
async function verdictOf(changes: Partial<NamedServerArgs>, retention = "30d"): Promise<string[]> {
  const environment = changes.environment ?? "dev";
  const { registrations } = await runServer(changes);
  const server = registrations
    .filter(({ custom }) => custom)
    .map((each) => asGiven(environment, each));
  const marks = {
    "mlflow-instances/environment": environment,
    "mlflow-instances/tier": changes.tier ?? "standard",
  };
  const shop = instance("shop", {
    namespace: namespace(marks, { "mlflow-instances/deleted-experiment-retention": retention }),
  });
  // What the rules say about the instance alone is not the server's.
  const alone = await saidOf(shop);
  return (await saidOf([...shop, ...server])).filter((message) => !alone.includes(message));
}

describe("what a server registers passes every rule", () => {
  test.each<[string, Partial<NamedServerArgs>, string]>([
    ["production", { tier: "production", environment: "prod" }, "30d"],
    ["standard", { tier: "standard", environment: "dev" }, "30d"],
    ["sandbox", { tier: "sandbox", environment: "dev" }, "7d"],
    [
      "the longest backups",
      { tier: "production", environment: "prod", backupRetention: "35d" },
      "35d",
    ],
    [
      "a key of one's own",
      {
        kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000",
      },
      "30d",
    ],
  ])("%s", async (_what, changes, retention) => {
    expect(await verdictOf(changes, retention)).toEqual([]);
  });
});

// Otherwise the test above could pass because no rule looks.
test("the rules look: what was weakened is refused", async () => {
  const names = async (changes: Partial<NamedServerArgs>, retention?: string) =>
    (await verdictOf(changes, retention)).map((message) => message.split(":")[0]);
  expect(await names({ tier: "production", environment: "prod", protect: false })).toEqual([
    "data-holder-refuses-deletion",
    "data-holder-is-protected",
  ]);
  expect(await names({ tier: "production", environment: "prod", finalSnapshot: false })).toEqual([
    "data-holder-refuses-deletion",
  ]);
  expect(await names({ tier: "production", environment: "prod", backupRetention: "7d" })).toEqual([
    "database-backup-outlasts-retention",
  ]);
  // A sandbox may go, unless the platform team's stacks/policies.json asks for its environment.
  expect(await names({ tier: "sandbox", environment: "prod" }, "7d")).toEqual([]);
});
