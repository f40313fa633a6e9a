import { namespaceNameOf } from "../model/names.ts";
import { isInstanceNamespace, kubernetesType, metadataOf, placeOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const namespaceFollowsInstance = resourceRule({
  name: "namespace-follows-instance",
  pack: "naming",
  severity: "medium",
  demand: "The namespace of an instance is named mlflow-<instance>.",
  reason:
    "Commands, network policies of other teams and on-call engineers find an instance by its name alone.",
  steps: "Set metadata.name of the namespace to mlflow-<instance>.",
  types: [kubernetesType.namespace],
  *check(namespace) {
    if (!isInstanceNamespace(namespace)) return;
    const { instance } = placeOf(namespace);
    if (instance === undefined) return;
    const { name } = metadataOf(namespace.props);
    if (name !== namespaceNameOf(instance)) {
      yield `The namespace of instance ${instance} is named ${name ?? "by chance"}; set metadata.name to ${namespaceNameOf(instance)}.`;
    }
  },
});
