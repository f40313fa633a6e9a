import { expect, test } from "vitest";
import { objectHasLabels } from "../../../../policies/naming/objectHasLabels.ts";
import { server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { foreignNamespace, labels, namespace } from "../fixtures.ts";
import { judge, remedied, unknown, type Given } from "../support.ts";

const at = (changed: Record<string, string | undefined>): Given => ({
  ...server,
  props: { metadata: { namespace: "mlflow-shop", labels: labels(changed) } },
});
const bare = (metadata: object, type = "kubernetes:core/v1:ConfigMap"): Given => ({
  type,
  name: "shop-x",
  props: { metadata },
});

const all =
  "Set the labels app.kubernetes.io/part-of (mlflow-instances), app.kubernetes.io/instance (the instance's name), mlflow-instances/team (the team), mlflow-instances/environment (the environment), mlflow-instances/tier (sandbox, standard or production).";

resourceContract(objectHasLabels, {
  passes: {
    "a namespace": namespace(),
    "a Deployment": server,
    "an object without the component label": at({ "app.kubernetes.io/component": undefined }),
  },
  breaks: at({ "mlflow-instances/team": undefined }),
  message: "Set the labels mlflow-instances/team (the team).",
  unknown: [
    {
      given: at({ "mlflow-instances/team": unknown, "mlflow-instances/tier": undefined }),
      later: ["metadata.labels.mlflow-instances/team"],
      violations: ["Set the labels mlflow-instances/tier (sandbox, standard or production)."],
    },
    { given: bare({ namespace: unknown }), later: ["metadata.namespace"] },
  ],
  ignores: {
    "another's namespace": foreignNamespace,
    "an object of another chart": bare({
      namespace: "monitoring",
      labels: { "app.kubernetes.io/instance": "shop" },
    }),
    "another's object": bare({
      namespace: "monitoring",
      labels: { "app.kubernetes.io/name": "prometheus" },
    }),
    "an object without metadata": { type: "kubernetes:core/v1:ConfigMap", props: {} },
    "a bucket": {
      type: "aws:s3/bucket:Bucket",
      props: { tags: { "app.kubernetes.io/part-of": "mlflow-instances" } },
    },
  },
});

test.each<[string, Given, string]>([
  ["no label at all, in an instance's namespace", bare({ namespace: "mlflow-shop" }), all],
  ...[
    "gateway.networking.k8s.io/v1:HTTPRoute",
    "gateway.networking.k8s.io/v1beta1:HTTPRoute",
    "gateway.networking.k8s.io/v1:ListenerSet",
    "gateway.networking.k8s.io/v1:Gateway",
  ].map((type): [string, Given, string] => [
    `no label at all on ${type}`,
    bare({ namespace: "mlflow-shop" }, `kubernetes:${type}`),
    all,
  ]),
  [
    "no label at all, on an instance's namespace",
    bare({ name: "mlflow-shop" }, "kubernetes:core/v1:Namespace"),
    all,
  ],
  [
    "part of nothing, in no namespace of its own",
    at({ "app.kubernetes.io/part-of": undefined }),
    "Set the labels app.kubernetes.io/part-of (mlflow-instances).",
  ],
  [
    "empty",
    at({ "mlflow-instances/environment": "" }),
    "Set the labels mlflow-instances/environment (the environment).",
  ],
  [
    "blank",
    at({ "mlflow-instances/team": " " }),
    "Set the labels mlflow-instances/team (the team).",
  ],
  [
    "a tier that is none",
    at({ "mlflow-instances/tier": "prod" }),
    "Set the labels mlflow-instances/tier (sandbox, standard or production).",
  ],
  [
    "part of something else",
    at({ "app.kubernetes.io/part-of": "mlflow" }),
    "Set the labels app.kubernetes.io/part-of (mlflow-instances).",
  ],
  [
    "a namespace that says no instance",
    namespace({ "app.kubernetes.io/instance": undefined }),
    "Set the labels app.kubernetes.io/instance (the instance's name).",
  ],
])("%s is refused", async (_, given, message) => {
  expect(await judge(objectHasLabels, given)).toEqual({ violations: [message], later: [] });
});

test("the remedy adds what follows from the namespace, and decides nothing", async () => {
  const certain = {
    "app.kubernetes.io/part-of": "mlflow-instances",
    "app.kubernetes.io/instance": "shop",
  };
  expect(await remedied(objectHasLabels, bare({ namespace: "mlflow-shop" }))).toEqual({
    metadata: { namespace: "mlflow-shop", labels: certain },
  });
  expect(
    await remedied(objectHasLabels, namespace({ "app.kubernetes.io/instance": undefined })),
  ).toEqual(namespace().props);
  expect(
    await remedied(objectHasLabels, at({ "mlflow-instances/team": undefined })),
  ).toBeUndefined();
  expect(await remedied(objectHasLabels, foreignNamespace)).toBeUndefined();
});
