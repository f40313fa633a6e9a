import {
  component,
  kubernetesType,
  kubernetesTypes,
  label,
  marksOf,
  metadataOf,
} from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";

type Props = Record<string, any>;

const objectTypes = kubernetesTypes.filter((type) => type !== kubernetesType.namespace);

// A stack rule, because how the namespace is named is another rule's matter.
export const objectLiesInOwnNamespace = stackRule({
  name: "object-lies-in-own-namespace",
  pack: "isolation",
  severity: "critical",
  demand:
    "Every Kubernetes object of an instance lies in the namespace of that instance; a Secret by which a token is delivered lies in no instance's.",
  reason:
    "Network policies, quotas and rights end at the namespace: what lies in another instance's is inside its fence.",
  steps: "Set metadata.namespace of the object to mlflow-<instance>.",
  *check({ instances }, { known }) {
    const nameOf = (namespace: Props) => known(() => metadataOf(namespace).name ?? "");
    const ofInstances = new Set(instances.map(({ namespace }) => nameOf(namespace.props)));
    for (const instance of instances) {
      const own = known(() => metadataOf(instance.namespace.props).name ?? "");
      if (own === undefined || own === "") continue;
      for (const object of instance.of(...objectTypes)) {
        const found = known(() => metadataOf(object.props).namespace ?? "");
        if (found === undefined || found === own) continue;
        const isDelivery =
          object.type === kubernetesType.secret &&
          marksOf(object)[label.component] === component.tokenDelivery;
        if (isDelivery && found !== "" && !ofInstances.has(found)) continue;
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
