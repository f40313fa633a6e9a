import { expect, test } from "vitest";
import { namespaceFollowsInstance } from "../../../../policies/naming/namespaceFollowsInstance.ts";
import { changed } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { judge, unknown } from "../support.ts";

const named = (name: string | undefined) => changed(namespace(), ["metadata", "name"], name);

resourceContract(namespaceFollowsInstance, {
  passes: { "the instance's name": namespace() },
  breaks: named("shop"),
  message: "The namespace of instance shop is named shop; set metadata.name to mlflow-shop.",
  unknown: [{ given: named(unknown), later: ["metadata.name"] }],
  ignores: {
    "a namespace that is no instance's": foreignNamespace,
    "a namespace of another chart": changed(
      namespace({ "app.kubernetes.io/part-of": "grafana" }),
      ["metadata", "name"],
      "grafana",
    ),
    "a namespace without the label, which object-has-labels asks for": changed(
      namespace({ "app.kubernetes.io/instance": undefined }),
      ["metadata", "name"],
      "shop",
    ),
    "another type": { ...named("shop"), type: "kubernetes:core/v1:ConfigMap" },
  },
});

test("a name by chance is none", async () => {
  expect((await judge(namespaceFollowsInstance, named(undefined))).violations).toEqual([
    "The namespace of instance shop is named by chance; set metadata.name to mlflow-shop.",
  ]);
});
