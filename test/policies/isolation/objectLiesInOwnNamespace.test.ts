import { expect, test } from "vitest";
import { objectLiesInOwnNamespace } from "../../../policies/isolation/objectLiesInOwnNamespace.ts";
import { changed } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { part } from "../instances.ts";
import { judge, unknown } from "../support.ts";

const server = part("server");
const into = (name: string | undefined) => changed(server, ["metadata", "namespace"], name);

resourceContract(objectLiesInOwnNamespace, {
  passes: { "its own": server, "a preview's": part("server", "pr-12-shop") },
  breaks: into("mlflow-search"),
  message: "shop-server of instance shop lies in the namespace mlflow-search; set metadata.namespace to mlflow-shop.",
  unknown: [{ given: into(unknown), later: ["metadata.namespace"] }],
  ignores: {
    "another's object": changed(into("monitoring"), ["metadata", "labels"], undefined),
    "an object without the instance's name, which object-has-labels asks for": changed(
      into("mlflow-search"),
      ["metadata", "labels", "app.kubernetes.io/instance"],
      undefined,
    ),
    "the namespace itself": namespace(),
    "another type": { ...into("mlflow-search"), type: "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole" },
  },
});

test("without a namespace it lies where the cluster's user happens to be", async () => {
  expect((await judge(objectLiesInOwnNamespace, into(undefined))).violations).toEqual([
    "shop-server of instance shop lies in no namespace of its own; set metadata.namespace to mlflow-shop.",
  ]);
});
