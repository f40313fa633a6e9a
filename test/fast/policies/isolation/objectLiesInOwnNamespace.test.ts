import { expect, test } from "vitest";
import { objectLiesInOwnNamespace } from "../../../../policies/isolation/objectLiesInOwnNamespace.ts";
import { changed } from "../compliantInstance.ts";
import { listenerSet, redirect, route, routed } from "../compliantRoutes.ts";
import { stackContract } from "../contract.ts";
import { instance, part, with_ } from "../instances.ts";
import { judgeStack, unknown, type Given } from "../support.ts";

const namespace = ["metadata", "namespace"] as const;
const into = (name: string | undefined) =>
  instance("shop", { server: changed(part("server"), namespace, name) });
const foreign = (metadata: object): Given => ({
  type: "kubernetes:apps/v1:Deployment",
  name: "shop-frontend",
  props: { metadata },
});

const delivery = (to: string, type = "kubernetes:core/v1:Secret"): Given => ({
  type,
  name: "shop-token-ci-delivery",
  props: {
    metadata: {
      namespace: to,
      labels: {
        ...part("server").props["metadata"].labels,
        "app.kubernetes.io/component": "token-delivery",
      },
    },
  },
});

test.each([
  ["another instance's namespace", delivery("mlflow-search")],
  ["none", delivery("")],
  [
    "another namespace, where it is no Secret",
    delivery("training", "kubernetes:core/v1:ConfigMap"),
  ],
])("a token that is delivered into %s is refused", async (_, given) => {
  const { violations } = await judgeStack(objectLiesInOwnNamespace, [
    ...instance(),
    ...instance("search"),
    given,
  ]);
  expect(violations).toHaveLength(1);
});

stackContract(objectLiesInOwnNamespace, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "a preview's": instance("pr-12-shop"),
    "a token that is delivered to workloads": [...instance(), delivery("shop-training")],
  },
  breaks: into("mlflow-search"),
  message:
    "urn:shop-server: shop-server of instance shop lies in the namespace mlflow-search; set metadata.namespace to mlflow-shop.",
  unknown: [
    {
      given: instance("shop", {
        server: changed(part("server"), namespace, unknown),
        service: changed(part("service"), namespace, "mlflow-search"),
      }),
      later: [namespace.join(".")],
      violations: [
        "urn:shop-service: shop-service of instance shop lies in the namespace mlflow-search; set metadata.namespace to mlflow-shop.",
      ],
    },
    {
      given: instance("shop", {
        namespace: changed(part("namespace"), ["metadata", "name"], unknown),
      }),
      later: ["metadata.name"],
    },
  ],
  ignores: {
    "a whole instance in a namespace of another name, which namespace-follows-instance judges":
      instance().map((given) =>
        JSON.parse(JSON.stringify(given).replaceAll("mlflow-shop", "models")),
      ),
    "a namespace named by chance, which namespace-follows-instance judges": instance("shop", {
      namespace: changed(part("namespace"), ["metadata", "name"], undefined),
    }),
    "another chart": with_(
      foreign({ namespace: "shop", labels: { "app.kubernetes.io/instance": "shop" } }),
    ),
    "another type": with_({
      ...foreign({ labels: part("server").props["metadata"].labels }),
      type: "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
    }),
  },
});

test.each([route, redirect, listenerSet])(
  "$name lies in the instance's namespace",
  async (given) => {
    const stack = routed([changed(given, namespace, "gateway")]);
    expect((await judgeStack(objectLiesInOwnNamespace, stack)).violations).toEqual([
      `urn:${given.name}: ${given.name} of instance shop lies in the namespace gateway; set metadata.namespace to mlflow-shop.`,
    ]);
  },
);

test("without a namespace it lies where the cluster's user happens to be", async () => {
  expect((await judgeStack(objectLiesInOwnNamespace, into(undefined))).violations).toEqual([
    "urn:shop-server: shop-server of instance shop lies in no namespace of its own; set metadata.namespace to mlflow-shop.",
  ]);
});

test("an object of one instance in the other's namespace is told once, whoever is first", async () => {
  const stack = [...instance("search"), ...into("mlflow-search")];
  expect((await judgeStack(objectLiesInOwnNamespace, stack)).violations).toEqual([
    "urn:shop-server: shop-server of instance shop lies in the namespace mlflow-search; set metadata.namespace to mlflow-shop.",
  ]);
});
