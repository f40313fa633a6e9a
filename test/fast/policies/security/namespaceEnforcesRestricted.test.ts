import { expect, test } from "vitest";
import { namespaceEnforcesRestricted } from "../../../../policies/security/namespaceEnforcesRestricted.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { clean, judge, remedied, unknown } from "../support.ts";

const level = "pod-security.kubernetes.io/enforce";
const at = (value: string | undefined) => namespace({ [level]: value });

test("the restricted level passes", async () => {
  expect(await judge(namespaceEnforcesRestricted, namespace())).toEqual(clean);
});

test.each([
  ["baseline", "baseline"],
  [undefined, "not set"],
])("the level %s is refused", async (value, shown) => {
  expect(await judge(namespaceEnforcesRestricted, at(value))).toEqual({
    violations: [`Set the label pod-security.kubernetes.io/enforce: restricted (it is ${shown}).`],
    later: [],
  });
});

test("an exclusion holds until its last day", async () => {
  const config = {
    exclusions: [
      { instance: "shop", reason: "moves to restricted in spring", until: "2026-12-31" },
    ],
  };
  expect(
    await judge(namespaceEnforcesRestricted, at("baseline"), { config, today: "2026-12-31" }),
  ).toEqual(clean);
  expect(
    (await judge(namespaceEnforcesRestricted, at("baseline"), { config, today: "2027-01-01" }))
      .violations,
  ).toEqual([
    'Set the label pod-security.kubernetes.io/enforce: restricted (it is baseline). Its exclusion ended on 2026-12-31 ("moves to restricted in spring").',
  ]);
});

test("a level that a preview can't know is checked at up", async () => {
  expect(await judge(namespaceEnforcesRestricted, at(unknown))).toEqual({
    violations: [],
    later: [
      "Not known in a preview: metadata.labels.pod-security.kubernetes.io/enforce. It is checked at `up`.",
    ],
  });
});

test("the remedy sets the label where none is, and changes no other level", async () => {
  expect(await remedied(namespaceEnforcesRestricted, at(undefined))).toEqual(namespace().props);
  expect(await remedied(namespaceEnforcesRestricted, at("baseline"))).toBeUndefined();
});

test("a namespace that is no instance's is not judged", async () => {
  expect(await judge(namespaceEnforcesRestricted, foreignNamespace)).toEqual(clean);
});
