import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { saidOf } from "../fast/policies/everyRule.ts";
import type { Given } from "../fast/policies/support.ts";
import { fixtureRoot, fixtureToday } from "../support/fixtureStacks.ts";
import { asPackGets } from "./asPackGets.ts";
import { environments, type EnvironmentName } from "./environments.ts";
import { registered } from "./registered.ts";

const configuration = JSON.parse(
  readFileSync(join(fixtureRoot, "stacks", "policies.json"), "utf8"),
) as Record<string, object>;

const given = async (name: EnvironmentName): Promise<Given[]> =>
  asPackGets(name, await registered(name));

const verdict = (resources: readonly Given[]) =>
  saidOf(resources, ({ name }) => ({ config: configuration[name] ?? {}, today: fixtureToday }));

// What environments make of right files has to pass, with the configuration that lies beside them.
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
