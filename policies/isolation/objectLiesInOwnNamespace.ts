import { namespaceNameOf } from "../names.ts";
import { kubernetesType, label, marksOf, metadataOf, partOf } from "../resources.ts";
import { resourceRule } from "../rule.ts";

export const objectLiesInOwnNamespace = resourceRule({
  name: "object-lies-in-own-namespace",
  pack: "isolation",
  severity: "critical",
  demand: "Every Kubernetes object of an instance lies in the namespace of that instance.",
  reason: "Network policies, quotas and rights end at the namespace: what lies in another instance's is inside its fence.",
  types: Object.values(kubernetesType).filter((type) => type !== kubernetesType.namespace),
  *check(object) {
    const marks = marksOf(object);
    const instance = marks[label.instance];
    if (instance === undefined || marks[label.partOf] !== partOf) return;
    const { namespace } = metadataOf(object.props);
    const own = namespaceNameOf(instance);
    if (namespace !== own) {
      yield `${object.name} of instance ${instance} lies in ${namespace === undefined ? "no namespace of its own" : `the namespace ${namespace}`}; set metadata.namespace to ${own}.`;
    }
  },
});
