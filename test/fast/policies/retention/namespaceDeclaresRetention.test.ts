import { expect, test } from "vitest";
import { namespaceDeclaresRetention } from "../../../../policies/retention/namespaceDeclaresRetention.ts";
import { resourceContract } from "../contract.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { judge, unknown } from "../support.ts";

const annotation = "mlflow-instances/deleted-experiment-retention";
const at = (value: string | undefined, labels: Record<string, string> = {}) =>
  namespace(labels, { [annotation]: value });
const wrong = (value: string, min = 1, max = 90) =>
  `deletedExperimentRetention (annotation ${annotation}) is "${value}"; set it to a number of days from ${min}d to ${max}d.`;

resourceContract(namespaceDeclaresRetention, {
  passes: { "a day": at("1d"), "a month": at("30d"), "the longest": at("90d") },
  breaks: at(undefined),
  message: `Set deletedExperimentRetention (annotation ${annotation}) to a number of days from 1d to 90d.`,
  unknown: [{ given: at(unknown), later: [`metadata.annotations.${annotation}`] }],
  ignores: {
    "a namespace that is no instance's": foreignNamespace,
    "another type": { ...at("0d"), type: "kubernetes:core/v1:ConfigMap" },
  },
});

test.each(["0d", "91d", "30", "-1d", "", "1w", "9999999d"])("%s is refused", async (value) => {
  expect((await judge(namespaceDeclaresRetention, at(value))).violations).toEqual([wrong(value)]);
});

test("production keeps for a week at least", async () => {
  const production = { "mlflow-instances/tier": "production" };
  expect((await judge(namespaceDeclaresRetention, at("6d", production))).violations).toEqual([
    wrong("6d", 7),
  ]);
  expect((await judge(namespaceDeclaresRetention, at("7d", production))).violations).toEqual([]);
});

test("the platform's bounds: the environment's come before the tier's", async () => {
  const config = {
    minDays: { default: 14, tiers: { sandbox: 2 }, environments: { prod: 30, "pr-*": 1 } },
    maxDays: { default: 60 },
  };
  const verdict = async (value: string, labels: Record<string, string>) =>
    (await judge(namespaceDeclaresRetention, at(value, labels), { config })).violations;
  expect(await verdict("13d", {})).toEqual([wrong("13d", 14, 60)]);
  expect(await verdict("61d", {})).toEqual([wrong("61d", 14, 60)]);
  expect(await verdict("2d", { "mlflow-instances/tier": "sandbox" })).toEqual([]);
  expect(
    await verdict("29d", {
      "mlflow-instances/tier": "sandbox",
      "mlflow-instances/environment": "prod",
    }),
  ).toEqual([wrong("29d", 30, 60)]);
  expect(await verdict("1d", { "mlflow-instances/environment": "pr-12" })).toEqual([]);
});

test("a wrong configuration is an error with its path", async () => {
  await expect(
    judge(namespaceDeclaresRetention, at("30d"), { config: { maxDays: { default: 91 } } }),
  ).rejects.toThrow(/namespace-declares-retention\.maxDays\.default: /);
});
