import { expect, it } from "vitest";
import { pageOf } from "../../../../../cli/changes/preview/markdown.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import { component, reportFrom, runOf, step } from "./support.ts";

// The fixtures have the engine's own summary.

it.each([
  ["new", "35 resources: 35 created. Pulumi counts 43: it includes 8 components. Instances"],
  [
    "prepared",
    " Pulumi counts 19: it includes 3 components and leaves out 2 resources with only a change of protection. Instances",
  ],
  [
    "tier",
    " Pulumi counts 24: it leaves out 3 resources with only a change of protection. Instances",
  ],
])("of %s differs from the page's, with the reason", async (name, text) =>
  expect(pageOf(await reportFrom(name))).toContain(text),
);

it.each(["retention", "token", "tokenRemoved"])("of %s is the page's", async (name) => {
  const report = await reportFrom(name);
  expect(report.pulumiCount).toBeUndefined();
  expect(pageOf(report)).not.toContain("Pulumi counts");
});

it("has no reason where the numbers do not add up", () => {
  const steps = [component("a", "create"), step("create", "x:y:Z", "a-z", { instance: "a" })];
  const of = (create: number) =>
    reportOf({
      stack: "dev",
      run: runOf({ steps, summary: { resourceChanges: { create, same: 3 } } as never }),
      exclusions: [],
    }).pulumiCount;
  expect(of(2)).toEqual({ count: 2, components: 1, protectionOnly: 0 });
  expect(of(5)).toBeUndefined();
});
