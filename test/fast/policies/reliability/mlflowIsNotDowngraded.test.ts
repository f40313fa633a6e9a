import { expect, test } from "vitest";
import type { AskPrevious } from "../../../../policies/model/previousState.ts";
import { mlflowIsNotDowngradedAfter } from "../../../../policies/reliability/mlflowIsNotDowngraded.ts";
import { resourceContract } from "../contract.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { clean, judge, unknown } from "../support.ts";

const key = "mlflow-instances/mlflow-version";
const before =
  (version: string | undefined): AskPrevious =>
  () =>
    Promise.resolve({
      instances: new Map([["shop", version === undefined ? {} : { [key]: version }]]),
    });
const ruleAfter = (version: string | undefined) => mlflowIsNotDowngradedAfter(before(version));
const at = (version: string | undefined) => namespace({}, { [key]: version });
const message = (from: string, to: string) =>
  `MLflow goes from ${from} back to ${to}; keep the image of ${from} or a later one (platform.image and platform.mlflowVersion of the environment).`;

resourceContract(ruleAfter("3.18.0"), {
  passes: {
    "the same version": at("3.18.0"),
    "a later one": at("3.18.1"),
    "a new instance": namespace({ "app.kubernetes.io/instance": "new" }),
  },
  breaks: at("3.17.2"),
  message: message("3.18.0", "3.17.2"),
  unknown: [{ given: at(unknown), later: [`metadata.annotations.${key}`] }],
  ignores: {
    "a namespace of no instance": foreignNamespace,
    "no version, of which another rule speaks": at(undefined),
    "what is none": at("newest"),
    "another type": { ...at("3.17.2"), type: "kubernetes:core/v1:Secret" },
  },
});

test.each([
  ["3.10.0", "3.9.0"],
  ["3.17.2", "3.17.2rc1"],
  ["3.18.0rc2", "3.18.0rc1"],
  ["4.0.0", "3.99.0"],
])("%s is later than %s", async (from, to) => {
  expect((await judge(ruleAfter(from), at(to))).violations).toEqual([message(from, to)]);
  expect(await judge(ruleAfter(to), at(from))).toEqual(clean);
});

test("an instance that said no version before", async () => {
  expect(await judge(ruleAfter(undefined), at("3.17.2"))).toEqual(clean);
});

test("where nobody can tell, the reason is the violation", async () => {
  const rule = mlflowIsNotDowngradedAfter(() =>
    Promise.resolve({ refusal: "there is no `pulumi` on PATH" }),
  );
  expect((await judge(rule, at("3.17.2"))).violations).toEqual([
    "The version that runs now is unknown: there is no `pulumi` on PATH.",
  ]);
});

test("the question is on its way with the stack itself", async () => {
  const asked: string[] = [];
  const rule = mlflowIsNotDowngradedAfter((urn) => {
    asked.push(urn);
    return Promise.resolve({ instances: new Map() });
  });
  expect(
    await judge(rule, {
      type: "pulumi:pulumi:Stack",
      urn: "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev",
      props: {},
    }),
  ).toEqual(clean);
  expect(asked).toEqual(["urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"]);
});
