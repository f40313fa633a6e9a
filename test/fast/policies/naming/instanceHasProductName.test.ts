import { instanceNamePattern } from "@mlflow-instances/components/internal";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  forbiddenWords,
  instanceHasProductName,
  trialWords,
} from "../../../../policies/naming/instanceHasProductName.ts";
import {
  algorithmWords,
  nameProblem,
  stageWords,
  trialWords as trialWordsOfFiles,
} from "../../../../program/values/naming.ts";
import { resourceContract } from "../contract.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { judge, unknown } from "../support.ts";

const tiers = ["sandbox", "standard", "production"] as const;

const named = (name: string, tier: string = "standard", environment = "dev") =>
  namespace({
    "app.kubernetes.io/instance": name,
    "mlflow-instances/tier": tier,
    "mlflow-instances/environment": environment,
  });
const violations = async (given: ReturnType<typeof named>) =>
  (await judge(instanceHasProductName, given)).violations;

resourceContract(instanceHasProductName, {
  passes: {
    "a product": named("fraud-detector"),
    "another product": named("search-ranker", "production"),
    "a trial in a sandbox": named("fraud-test", "sandbox"),
    "a product of a pull request": named("pr-12-fraud-detector", "sandbox", "pr-12"),
  },
  breaks: named("shop", "sandbox", "pr-12"),
  message: 'The instance name "shop" does not begin with "pr-12-", as in pr-12 it must.',
  unknown: [{ given: named(unknown), later: ["metadata.labels.app.kubernetes.io/instance"] }],
  ignores: {
    "a namespace that is no instance's": foreignNamespace,
    "a namespace of another chart": namespace({
      "app.kubernetes.io/part-of": "grafana",
      "app.kubernetes.io/instance": "grafana-v3",
    }),
    "a namespace without the label, which object-has-labels asks for": namespace({
      "app.kubernetes.io/instance": undefined,
    }),
    "another type": {
      type: "kubernetes:core/v1:Service",
      props: namespace({ "app.kubernetes.io/instance": "Shop" }).props,
    },
  },
});

const contains = (name: string, word: string) =>
  `The instance name "${name}" contains "${word}", an algorithm, version or stage; name the product.`;

test.each([
  [
    "Shop",
    'The instance name "Shop" does not match ^[a-z][a-z0-9-]{1,38}[a-z0-9]$; rename its file.',
  ],
  ["xgboost-fraud-v3", contains("xgboost-fraud-v3", "xgboost")],
  ["bert-search-ranking-2026", contains("bert-search-ranking-2026", "bert")],
  ["lgbm-model-final-final", contains("lgbm-model-final-final", "lgbm")],
  ["fraud-v3", contains("fraud-v3", "v3")],
  ["fraud-2026", contains("fraud-2026", "2026")],
  ["fraud-final", contains("fraud-final", "final")],
  [
    "fraud-test",
    'The instance name "fraud-test" contains "test"; name the product, or set the tier to sandbox.',
  ],
  ["preview", 'The instance name "preview" is reserved for review environments; name the product.'],
])("%s is refused", async (name, message) => {
  expect(await violations(named(name))).toEqual([message]);
});

test("in the environment of a pull request its prefix is no version, and everything behind it is judged", async () => {
  expect(await violations(named("pr-12-shop", "sandbox", "pr-13"))).toEqual([
    'The instance name "pr-12-shop" does not begin with "pr-13-", as in pr-13 it must.',
  ]);
  expect(await violations(named("pr-12-fraud-v3", "sandbox", "pr-12"))).toEqual([
    contains("pr-12-fraud-v3", "v3"),
  ]);
  expect(await violations(named("pr-12-shop"))).toEqual([contains("pr-12-shop", "12")]);
});

// Policies and stacks share no code; that they mean the same is proved here.
test("says the same as the check of the files", async () => {
  expect([...forbiddenWords].sort()).toEqual([...algorithmWords, ...stageWords].sort());
  expect([...trialWords].sort()).toEqual([...trialWordsOfFiles].sort());
  const words = fc.constantFrom(
    ...forbiddenWords,
    ...trialWords,
    "fraud",
    "v2",
    "2026",
    "x1",
    "bert2",
    "fraudv3",
    "shop",
    "preview",
  );
  const composed = fc.array(words, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("-"));
  const any = fc.oneof(composed, fc.stringMatching(instanceNamePattern), fc.string());
  await fc.assert(
    fc.asyncProperty(any, fc.constantFrom(...tiers), async (name, tier) => {
      expect((await violations(named(name, tier))).length > 0).toBe(
        nameProblem(name, tier) !== undefined,
      );
    }),
  );
});
