import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, afterEach, expect, test } from "vitest";
import { fixtureRoot, fixtureStacks, fixtureToday } from "../../support/fixtureStacks.ts";
import { problemsInStacks } from "../../userFiles.ts";

// What `npm run check` says of a platform team's own files.

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "user-files-"));
  cpSync(join(fixtureRoot, "stacks"), join(root, "stacks"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const problems = () => problemsInStacks(root, fixtureToday);
const change = (path: string, from: string, to: string): void => {
  const file = join(root, "stacks", path);
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
};

test("right files have none, also when only one other environment is left", async () => {
  expect(await problems()).toEqual([]);
  const text = readFileSync(join(root, "stacks/Pulumi.dev.yaml"), "utf8");
  for (const stack of fixtureStacks) {
    rmSync(join(root, `stacks/Pulumi.${stack}.yaml`));
    if (stack !== "dev") rmSync(join(root, `stacks/instances/${stack}`), { recursive: true });
  }
  writeFileSync(join(root, "stacks/Pulumi.mine.yaml"), text);
  cpSync(join(root, "stacks/instances/dev"), join(root, "stacks/instances/mine"), {
    recursive: true,
  });
  rmSync(join(root, "stacks/instances/dev"), { recursive: true });
  expect(await problems()).toEqual([]);
});

test("a project without stacks has none", async () => {
  rmSync(join(root, "stacks"), { recursive: true });
  expect(await problems()).toEqual([]);
});

test.each([
  ["an instance", "instances/prod/fraud-detector.yaml", "tier: production", "tier: gold"],
  ["an instance of no stack", "instances/local/search-ranker.yaml", "tier: sandbox", "tier: 3"],
  ["an environment", "Pulumi.dev.yaml", "kind: aws", "kind: gke"],
  ["the providers", "Pulumi.dev.yaml", 'providers: ["*"]', "providers: [aws]"],
  ["the prices", "prices.yaml", "cpu: 20", "cpu: twenty"],
])("%s that is wrong is reported with file, line and path", async (_, path, from, to) => {
  change(path, from, to);
  const found = await problems();
  expect(found).not.toEqual([]);
  for (const problem of found)
    expect(problem).toMatch(new RegExp(String.raw`stacks/${path}:\d+:\d+ [a-zA-Z."':-]+: `));
});

test("a rule that does not exist is reported once, with file and path", async () => {
  writeFileSync(join(root, "stacks/policies.json"), '{ "image-is-pined": "disabled" }');
  expect(await problems()).toEqual([
    expect.stringMatching(/^stacks\/policies\.json: image-is-pined: there is no such rule/),
  ]);
});

test("a stack file of this machine, which Git ignores, is not looked at", async () => {
  writeFileSync(join(root, "stacks/Pulumi.pr-12.yaml"), "config: [");
  expect(await problems()).not.toEqual([]);
  writeFileSync(join(root, ".gitignore"), "stacks/Pulumi.pr-*.yaml\n");
  expect(await problems()).toEqual([]);
});
