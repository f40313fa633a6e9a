import { expect, test } from "vitest";
import { productionHasReplicas } from "../../../../policies/reliability/productionHasReplicas.ts";
import { changed, server } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { clean, judgeStack, unknown, type Given } from "../support.ts";

const production = namespace({ "mlflow-instances/tier": "production" });
const replicas = (count: unknown) => changed(server, ["spec", "replicas"], count);
const message = (count: number, wanted = 2, tier = "production") =>
  `urn:1: The tracking server of instance shop (tier ${tier}) has ${count} ${count === 1 ? "replica" : "replicas"}; set replicas in the instance's file (spec.replicas) to ${wanted} or more.`;

stackContract(productionHasReplicas, {
  passes: {
    "two in production": [production, replicas(2)],
    "one elsewhere": [namespace(), replicas(1)],
    "one of an instance that is being deleted": [
      namespace(
        { "mlflow-instances/tier": "production" },
        { "mlflow-instances/deletion": "prepared" },
      ),
      replicas(0),
    ],
  },
  breaks: [production, replicas(1)],
  message: message(1),
  unknown: [{ given: [production, replicas(unknown)], later: ["spec.replicas"] }],
  ignores: {
    "another part of an instance": [
      production,
      changed(replicas(1), ["metadata", "labels", "app.kubernetes.io/component"], "exporter"),
    ],
    "a server of no instance": [replicas(1)],
  },
});

test("nothing said is one, and none is too few everywhere", async () => {
  expect(
    (await judgeStack(productionHasReplicas, [production, replicas(undefined)])).violations,
  ).toEqual([message(1)]);
  expect((await judgeStack(productionHasReplicas, [namespace(), replicas(0)])).violations).toEqual([
    message(0, 1, "standard"),
  ]);
});

test("another number by configuration", async () => {
  const config = { least: { environments: { dev: 3 } } };
  expect(
    (await judgeStack(productionHasReplicas, [production, replicas(2)], { config })).violations,
  ).toEqual([message(2, 3)]);
});

test("what scales the server says how many there are at least", async () => {
  const scaler = (minReplicas?: number): Given => ({
    type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    name: "shop-scaler",
    props: {
      metadata: { name: "mlflow", namespace: "mlflow-shop" },
      spec: {
        scaleTargetRef: { kind: "Deployment", name: "mlflow" },
        maxReplicas: 4,
        ...(minReplicas === undefined ? {} : { minReplicas }),
      },
    },
  });
  expect(
    await judgeStack(productionHasReplicas, [production, replicas(undefined), scaler(2)]),
  ).toEqual(clean);
  expect(
    (await judgeStack(productionHasReplicas, [production, replicas(undefined), scaler()]))
      .violations,
  ).toEqual([message(1)]);
});
