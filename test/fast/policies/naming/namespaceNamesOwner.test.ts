import { expect, test } from "vitest";
import { namespaceNamesOwner } from "../../../../policies/naming/namespaceNamesOwner.ts";
import { resourceContract } from "../contract.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { judge, unknown } from "../support.ts";

const owned = (owner: string | undefined) => namespace({}, { "mlflow-instances/owner": owner });
const message =
  "Set the annotation mlflow-instances/owner, the owner of the instance's file: an address that is read.";

resourceContract(namespaceNamesOwner, {
  passes: { "an address": namespace() },
  breaks: owned(undefined),
  message,
  unknown: [{ given: owned(unknown), later: ["metadata.annotations.mlflow-instances/owner"] }],
  ignores: {
    "a namespace that is no instance's": foreignNamespace,
    "another type": { ...owned(undefined), type: "kubernetes:core/v1:ConfigMap" },
  },
});

test("nothing but blanks is nobody", async () => {
  expect((await judge(namespaceNamesOwner, owned("  "))).violations).toEqual([message]);
});
