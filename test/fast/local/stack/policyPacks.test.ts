import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { policyPacks } from "../../../../local/stack/deploy.ts";
import type { Pulumi } from "../../../../local/stack/pulumi.ts";

test("a project's pack is used, with its configuration where there is one", () => {
  const folder = mkdtempSync(join(tmpdir(), "policy-packs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const packs = () =>
    policyPacks({ project: { folder, stack: "dev", instancesFolder: folder } } as Pulumi);
  expect(packs()).toEqual([]);

  const pack = join(folder, "policies");
  mkdirSync(pack);
  writeFileSync(join(pack, "PulumiPolicy.yaml"), "runtime: nodejs\n");
  expect(packs()).toEqual(["--policy-pack", pack]);

  mkdirSync(join(folder, "stacks"));
  const configuration = join(folder, "stacks", "policies.json");
  writeFileSync(configuration, "{}");
  expect(packs()).toEqual(["--policy-pack", pack, "--policy-pack-config", configuration]);
});
