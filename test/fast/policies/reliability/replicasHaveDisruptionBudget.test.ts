import { expect, test } from "vitest";
import { replicasHaveDisruptionBudget } from "../../../../policies/reliability/replicasHaveDisruptionBudget.ts";
import { changed, disruptionBudget, server } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { clean, judgeStack, unknown } from "../support.ts";

const replicas = (count: number) => changed(server, ["spec", "replicas"], count);
const missing = (count: number) =>
  `urn:1: The ${count} replicas of instance shop have no PodDisruptionBudget; add one with maxUnavailable: 1 and a selector for their labels.`;
const blocking = (count: number) =>
  `urn:2: The PodDisruptionBudget of instance shop lets none of the ${count} pods go, so no node can be drained; set spec.maxUnavailable to 1 instead.`;
const { selector } = disruptionBudget.props["spec"];
const budget = (spec: object) => changed(disruptionBudget, ["spec"], { selector, ...spec });
const deleted = namespace({}, { "mlflow-instances/deletion": "prepared" });

stackContract(replicasHaveDisruptionBudget, {
  passes: {
    "two replicas with one": [namespace(), server, disruptionBudget],
    "one replica without": [namespace(), replicas(1)],
    "an instance that is being deleted": [deleted, server],
  },
  breaks: [namespace(), server],
  message: missing(2),
  unknown: [
    {
      given: [namespace(), changed(server, ["spec", "replicas"], unknown)],
      later: ["spec.replicas"],
    },
  ],
  ignores: {
    "another part of an instance": [
      namespace(),
      changed(server, ["metadata", "labels", "app.kubernetes.io/component"], "exporter"),
    ],
    "a server of no instance": [server],
  },
});

test.each([
  [2, { minAvailable: 1 }],
  [3, { minAvailable: "50%" }],
  [2, { maxUnavailable: "10%" }],
  [1, { maxUnavailable: 1 }],
  [0, { minAvailable: 1 }],
  [2, {}],
])("%i replicas: %j lets a drain go on", async (count, spec) => {
  expect(
    await judgeStack(replicasHaveDisruptionBudget, [namespace(), replicas(count), budget(spec)]),
  ).toEqual(clean);
});

test.each([
  [2, { minAvailable: 2 }],
  [2, { minAvailable: "100%" }],
  [2, { minAvailable: "75%" }],
  [2, { maxUnavailable: 0 }],
  [2, { maxUnavailable: "0%" }],
  [1, { minAvailable: 1 }],
])("%i replicas: %j lets none go", async (count, spec) => {
  expect(
    (await judgeStack(replicasHaveDisruptionBudget, [namespace(), replicas(count), budget(spec)]))
      .violations,
  ).toEqual([blocking(count)]);
});

test.each([
  ["other pods", { matchLabels: { "app.kubernetes.io/instance": "search" } }],
  [
    "pods by expression",
    { matchExpressions: [{ key: "app.kubernetes.io/instance", operator: "Exists" }] },
  ],
  ["nobody", undefined],
])("a budget for %s does not count", async (_, other) => {
  const given = [namespace(), server, changed(disruptionBudget, ["spec", "selector"], other)];
  expect((await judgeStack(replicasHaveDisruptionBudget, given)).violations).toEqual([missing(2)]);
});
