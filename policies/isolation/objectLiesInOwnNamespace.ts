import { kubernetesType, kubernetesTypes, metadataOf } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";

const objectTypes = kubernetesTypes.filter((type) => type !== kubernetesType.namespace);

// A stack rule, because how the namespace is named is another rule's matter.
export const objectLiesInOwnNamespace = stackRule({
  name: "object-lies-in-own-namespace",
  pack: "isolation",
  severity: "critical",
  demand: "Every Kubernetes object of an instance lies in the namespace of that instance.",
  reason:
    "Network policies, quotas and rights end at the namespace: what lies in another instance's is inside its fence.",
  steps: "Set metadata.namespace of the object to mlflow-<instance>.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      const own = known(() => metadataOf(instance.namespace.props).name ?? "");
      if (own === undefined || own === "") continue;
      for (const object of instance.of(...objectTypes)) {
        const found = known(() => metadataOf(object.props).namespace ?? "");
        if (found === undefined || found === own) continue;
        const where = found === "" ? "no namespace of its own" : `the namespace ${found}`;
        yield problemOf(
          instance,
          `${object.name} of instance ${instance.name} lies in ${where}; set metadata.namespace to ${own}.`,
          object,
        );
      }
    }
  },
});
