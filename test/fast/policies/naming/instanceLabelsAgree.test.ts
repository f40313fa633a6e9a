import { expect, test } from "vitest";
import { instanceLabelsAgree } from "../../../../policies/naming/instanceLabelsAgree.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { instance, part, with_ } from "../instances.ts";
import { judgeStack, unknown } from "../support.ts";

const label = (which: "server" | "ingress", key: string, value: string | undefined) =>
  instance("shop", { [which]: changed(part(which), ["metadata", "labels", key], value) });
const tags = (value: unknown) =>
  instance("shop", { bucket: changed(part("bucket"), ["tags"], value) });

stackContract(instanceLabelsAgree, {
  passes: { "two instances": [...instance(), ...instance("search")] },
  breaks: label("server", "mlflow-instances/tier", "sandbox"),
  message:
    "urn:shop-server: shop-server disagrees with the namespace of instance shop: set mlflow-instances/tier to standard (it is sandbox).",
  unknown: [
    {
      given: label("server", "mlflow-instances/tier", unknown),
      later: ["metadata.labels.mlflow-instances/tier"],
    },
  ],
  ignores: {
    "a label that is missing, which object-has-labels asks for": label(
      "server",
      "mlflow-instances/tier",
      undefined,
    ),
    "a bucket that lacks some tags, which bucket-has-tags asks for": tags({
      "app.kubernetes.io/part-of": "mlflow-instances",
    }),
    "an object of another chart whose names look alike": with_({
      type: "kubernetes:apps/v1:Deployment",
      name: "shop-frontend",
      props: {
        metadata: {
          namespace: "shop",
          labels: { "app.kubernetes.io/instance": "shop", "mlflow-instances/tier": "x" },
        },
      },
    }),
    "an object of nobody": with_({
      type: "kubernetes:core/v1:ConfigMap",
      name: "other",
      props: { metadata: { labels: { "mlflow-instances/tier": "x" } } },
    }),
  },
});

test("every label is compared, and tags are", async () => {
  expect(
    (await judgeStack(instanceLabelsAgree, label("ingress", "mlflow-instances/team", "fraud")))
      .violations,
  ).toEqual([
    "urn:shop-ingress: shop-ingress disagrees with the namespace of instance shop: set mlflow-instances/team to retail (it is fraud).",
  ]);
  expect(
    (
      await judgeStack(
        instanceLabelsAgree,
        tags({ ...part("bucket").props["tags"], "mlflow-instances/environment": "prod" }),
      )
    ).violations,
  ).toEqual([
    "urn:shop-bucket: shop-bucket disagrees with the namespace of instance shop: set mlflow-instances/environment to dev (it is prod).",
  ]);
});

test("a bucket without the tags of an instance is known by its logical name", async () => {
  const message =
    "urn:shop-bucket: shop-bucket of instance shop has none of the tags of an instance; set app.kubernetes.io/part-of, app.kubernetes.io/instance, mlflow-instances/team, mlflow-instances/environment, mlflow-instances/tier, mlflow-instances/owner.";
  expect((await judgeStack(instanceLabelsAgree, tags(undefined))).violations).toEqual([message]);
  expect((await judgeStack(instanceLabelsAgree, tags({ team: "retail" }))).violations).toEqual([
    message,
  ]);
});
