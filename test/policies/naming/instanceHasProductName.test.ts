import { instanceNamePattern } from "@mlflow-instances/components";
import fc from "fast-check";
import { expect, test } from "vitest";
import { forbiddenWords, instanceHasProductName } from "../../policies/naming/instanceHasProductName.ts";
import { algorithmWords, nameProblem, stageWords } from "../../stacks/naming.ts";
import { foreignNamespace, namespace, violationsOf } from "./support.ts";

const named = (name: string | undefined) => violationsOf(instanceHasProductName, namespace({ "app.kubernetes.io/instance": name }));

test("a product's name passes", async () => {
  expect(await named("fraud-detector")).toEqual([]);
});

test.each([
  ["Shop", 'The instance name "Shop" does not match ^[a-z][a-z0-9-]{1,38}[a-z0-9]$; rename its file.'],
  ["fraud-xgboost", 'The instance name "fraud-xgboost" contains "xgboost", an algorithm, version or stage; name the product.'],
  ["fraud-v3", 'The instance name "fraud-v3" contains "v3", an algorithm, version or stage; name the product.'],
  ["fraud-2026", 'The instance name "fraud-2026" contains "2026", an algorithm, version or stage; name the product.'],
  ["fraud-final", 'The instance name "fraud-final" contains "final", an algorithm, version or stage; name the product.'],
  [undefined, "The namespace of an instance needs the label app.kubernetes.io/instance with the instance's name."],
])("%s", async (name, message) => {
  expect(await named(name)).toEqual([message]);
});

test("a namespace that is no instance's is not judged", async () => {
  expect(await violationsOf(instanceHasProductName, foreignNamespace)).toEqual([]);
});

// Policies and stacks share no code; that they mean the same is proved here.
test("says the same as the check of the files", async () => {
  expect([...forbiddenWords].sort()).toEqual([...algorithmWords, ...stageWords].sort());
  const words = fc.constantFrom(...forbiddenWords, "fraud", "v2", "2026", "x1", "bert2", "fraudv3", "shop");
  const composed = fc.array(words, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("-"));
  const any = fc.oneof(composed, fc.stringMatching(instanceNamePattern), fc.string());
  await fc.assert(
    fc.asyncProperty(any, async (name) => {
      expect((await named(name)).length > 0).toBe(nameProblem(name) !== undefined);
    }),
  );
});
