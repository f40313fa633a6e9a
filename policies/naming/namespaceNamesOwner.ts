import { annotation, isInstanceNamespace, kubernetesType, metadataOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const namespaceNamesOwner = resourceRule({
  name: "namespace-names-owner",
  pack: "naming",
  severity: "medium",
  demand: "The namespace of an instance says who owns it.",
  reason:
    "The owner of a broken, costly or leaking instance must be known at once; an e-mail address is not a valid label value.",
  steps:
    "Set owner in the instance's file, or the annotation mlflow-instances/owner of the namespace.",
  types: [kubernetesType.namespace],
  *check(namespace) {
    if (!isInstanceNamespace(namespace)) return;
    const owner = metadataOf(namespace.props).annotations?.[annotation.owner] ?? "";
    if (owner.trim() === "")
      yield `Set the annotation ${annotation.owner}, the owner of the instance's file: an address that is read.`;
  },
});
