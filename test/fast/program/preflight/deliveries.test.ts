import { expect, test } from "vitest";
import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { DeployedToken } from "../../../../program/instance/tokenGenerations.ts";
import { newDeliveries } from "../../../../program/preflight/deliveries.ts";

const shop = {
  instanceName: "shop",
  environment: "dev",
  prepareDeletion: false,
  tokens: [
    { name: "ci", role: "edit", expires: "2027-01-01" },
    {
      name: "training",
      role: "edit",
      expires: "2027-01-01",
      deliverTo: { namespace: "shop-training", name: "mlflow" },
    },
  ],
} as unknown as ResolvedInstance;

/** `objects` are what the API server has, by path: the labels of each. */
async function linesFor(
  objects: Readonly<Record<string, object | number>>,
  deliveredTo?: string,
  instance = shop,
): Promise<string[]> {
  const training: DeployedToken = {
    generation: 1,
    created: undefined,
    previousCreated: undefined,
    deliveredTo,
  };
  const last = {
    instances: new Map([["shop", { prepared: false, tokens: new Map([["training", training]]) }]]),
  };
  const asked: string[] = [];
  const get = (path: string, accept = "") => {
    asked.push(path);
    expect(accept).toMatch(/as=PartialObjectMetadata;/);
    const labels = objects[path];
    if (typeof labels === "number") return Promise.resolve({ status: labels, body: "" });
    const body = JSON.stringify({ metadata: { labels } });
    return Promise.resolve({ status: labels === undefined ? 404 : 200, body });
  };
  const api = { login: undefined, get, patch: () => Promise.reject(new Error("changed")) };
  const taken = await newDeliveries(api, { instances: [instance], last });
  if (deliveredTo === "shop-training/mlflow") expect(asked).toEqual([]);
  return taken.map(({ line, foreign }) => `${foreign} ${line}`);
}

const namespace = "/api/v1/namespaces/shop-training";
const secret = `${namespace}/secrets/mlflow`;
const of =
  "The Secret mlflow in namespace shop-training, to which the token training of instance shop is delivered";
const ours = {
  "app.kubernetes.io/component": "token-delivery",
  "app.kubernetes.io/instance": "shop",
  "mlflow-instances/environment": "dev",
};

test("a namespace without that Secret is fine, and one of an interrupted update", async () => {
  expect(await linesFor({ [namespace]: {} })).toEqual([]);
  expect(await linesFor({ [namespace]: {}, [secret]: ours })).toEqual([]);
});

test("what the last update delivered is not asked for, and of a deletion nothing is", async () => {
  expect(await linesFor({}, "shop-training/mlflow")).toEqual([]);
  expect(await linesFor({}, undefined, { ...shop, prepareDeletion: true })).toEqual([]);
});

test("a login that may not look into the namespace is refused, not at the namespace alone", async () => {
  expect(await linesFor({ [namespace]: 403 })).toEqual([]);
  expect(await linesFor({ [namespace]: 403, [secret]: 403 })).toEqual([
    `true ${of}: the API server answers with HTTP status 403`,
  ]);
});

test("no namespace, and another's Secret, are refused: the engine would take it over", async () => {
  expect(await linesFor({}, "elsewhere/mlflow")).toEqual([
    `true ${of}: there is no such namespace`,
  ]);
  for (const labels of [
    {},
    { ...ours, "app.kubernetes.io/instance": "cart" },
    { ...ours, "mlflow-instances/environment": "prod" },
    { ...ours, "app.kubernetes.io/component": "access-tokens" },
  ])
    expect(await linesFor({ [namespace]: {}, [secret]: labels })).toEqual([
      `true ${of}: it exists already; choose another name`,
    ]);
});
