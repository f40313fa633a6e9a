import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { saidOf } from "../fast/policies/everyRule.ts";
import type { Given } from "../fast/policies/support.ts";
import { fixtureRoot, fixtureToday as today } from "../support/fixtureStacks.ts";
import { asPackGets } from "./asPackGets.ts";
import { dump, goldenFolder } from "./dump.ts";
import { environments, type EnvironmentName } from "./environments.ts";
import { registered } from "./registered.ts";

// After a wanted change: `npm run golden -- --write`, then read the diff.
test.each(environments)("%s is what its golden says", async (environment) => {
  const folder = goldenFolder(environment);
  const written = Object.fromEntries(
    readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]),
  );
  const now = Object.fromEntries(await dump(environment));
  expect(Object.keys(now).sort()).toEqual(Object.keys(written).sort());
  for (const [file, text] of Object.entries(now)) expect(text, file).toBe(written[file]);
  // Every secret of the fixture begins like this; the ids of keys are no secrets.
  expect(Object.values(now).join()).not.toMatch(
    /fixture-(secret|postgresqlAdminPassword|objectStoreSecretAccessKey|tlsPrivateKey)|password[0-9a-f]{24}|master-password/,
  );
});

// What environments make of right files has to pass, with the configuration that lies beside them.
describe("the policies", () => {
  const configuration = JSON.parse(
    readFileSync(join(fixtureRoot, "stacks", "policies.json"), "utf8"),
  ) as Record<string, object>;
  const given = async (name: EnvironmentName): Promise<Given[]> =>
    asPackGets(name, await registered(name));
  const verdict = (resources: readonly Given[]) =>
    saidOf(resources, ({ name }) => ({ config: configuration[name] ?? {}, today }));

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
});
