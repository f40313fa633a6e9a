import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkStacks } from "../../../cli/environments/checkStacks.ts";
import { readInstances } from "../../../program/instance/load.ts";
import { readStack } from "../../../program/instance/stackOnDisk.ts";
import {
  fixtureRoot as root,
  fixtureStacks as cloud,
  fixtureToday as today,
} from "../../support/fixtureStacks.ts";

const read = (stack: string) => {
  const { environment, instancesFolder } = readStack(root, stack).stack!;
  return { environment, ...readInstances(environment, instancesFolder, { stack, today, root }) };
};

test("dev, staging and prod are right by the program's own checks, without a secret", () => {
  expect(checkStacks(root, cloud, today)).toEqual([]);
});

test.each(cloud)("%s has three instances at least, within what the policies bound", (stack) => {
  const { instances } = read(stack);
  expect(instances.length).toBeGreaterThanOrEqual(3);
});

test("local has three instances, too", () => {
  const { names } = readInstances(undefined, join(root, "stacks", "instances", "local"), {
    stack: "local",
    today,
    root,
  });
  expect(names).toEqual(["demand-forecast", "fraud-detector", "search-ranker"]);
});

test("no two environments share an account, a bucket name or a domain", () => {
  const environments = cloud.map(read);
  for (const value of [
    environments.map(({ environment: { domain } }) => domain),
    environments.map(({ environment: { platform } }) =>
      platform.kind === "aws" ? platform.accountId : platform.kind,
    ),
    environments.flatMap(({ instances }) => instances.map(({ resolved }) => resolved.bucket.name)),
  ])
    expect(new Set(value).size).toBe(value.length);
});

// Nothing in them may be somebody's: ids that AWS' own documentation uses, or that look made up,
// and names that nobody can own.
test.each(cloud)("%s names nobody's account and nobody's domain", (stack) => {
  const text = readFileSync(join(root, "stacks", `Pulumi.${stack}.yaml`), "utf8");
  expect([...new Set(text.match(/\b[0-9]{12}\b/g))]).toEqual([
    { dev: "111122223333", staging: "444455556666", prod: "777788889999" }[stack],
  ]);
  for (const domain of text.match(/[a-z0-9.-]+\.(com|org|net|io|cloud|eu|de)\b/g) ?? [])
    expect(domain).toMatch(/(^|\.)(example|amazonaws)\.com$/);
});
