import { expect, test } from "vitest";
import { namespaceEnforcesRestricted } from "../../policies/security/namespaceEnforcesRestricted.ts";
import { foreignNamespace, namespace, violationsOf } from "./support.ts";

const level = "pod-security.kubernetes.io/enforce";

test("the restricted level passes", async () => {
  expect(await violationsOf(namespaceEnforcesRestricted, namespace())).toEqual([]);
});

test("a lower or missing level is refused", async () => {
  expect(await violationsOf(namespaceEnforcesRestricted, namespace({ [level]: "baseline" }))).toEqual([
    "Set the label pod-security.kubernetes.io/enforce: restricted (it is baseline).",
  ]);
  expect(await violationsOf(namespaceEnforcesRestricted, namespace({ [level]: undefined }))).toEqual([
    "Set the label pod-security.kubernetes.io/enforce: restricted (it is not set).",
  ]);
});

test("a namespace that is no instance's is not judged", async () => {
  expect(await violationsOf(namespaceEnforcesRestricted, foreignNamespace)).toEqual([]);
});
