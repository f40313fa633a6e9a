import { instanceOfNamespace } from "../model/names.ts";
import {
  isOfInstance,
  kubernetesType,
  kubernetesTypes,
  label,
  marksOf,
  metadataOf,
  partOf,
} from "../model/resources.ts";
import { resourceRule, type Resource } from "../rule.ts";

const tiers = ["sandbox", "standard", "production"];

/** Each label with what it has to say. */
const required: readonly { key: string; value: string; holds: (text: string) => boolean }[] = [
  { key: label.partOf, value: partOf, holds: (text) => text === partOf },
  { key: label.instance, value: "the instance's name", holds: Boolean },
  { key: label.team, value: "the team", holds: Boolean },
  { key: label.environment, value: "the environment", holds: Boolean },
  {
    key: label.tier,
    value: "sandbox, standard or production",
    holds: (text) => tiers.includes(text),
  },
];

type Judged = Pick<Resource, "type" | "props">;

/** The name of the namespace that the object is, or lies in. */
function namespaceOf({ type, props }: Judged): string | undefined {
  const { name, namespace } = metadataOf(props);
  return type === kubernetesType.namespace ? name : namespace;
}

const ofAnInstance = (object: Judged): boolean =>
  isOfInstance(object) || instanceOfNamespace(namespaceOf(object)) !== undefined;

export const objectHasLabels = resourceRule({
  name: "object-has-labels",
  pack: "naming",
  severity: "high",
  demand:
    "Every Kubernetes object of an instance has the labels of instance, team, environment and tier.",
  reason:
    "Costs, alerts and every other rule find out by them whose an object is and how strictly to judge it.",
  steps:
    "Set the labels that the message names; the rule's remedy sets those that follow from the namespace.",
  types: kubernetesTypes,
  *check(object, { known }) {
    if (known(() => ofAnInstance(object)) !== true) return;
    const wrong = required.filter(
      ({ key, holds }) => known(() => holds((marksOf(object)[key] ?? "").trim())) === false,
    );
    if (wrong.length > 0)
      yield `Set the labels ${wrong.map(({ key, value }) => `${key} (${value})`).join(", ")}.`;
  },
  // Only these two are certain: the instance follows from the namespace's name, while team,
  // environment and tier are decisions.
  remedy(object) {
    const labels = marksOf(object);
    if (!ofAnInstance(object)) return undefined;
    const instance = instanceOfNamespace(namespaceOf(object));
    const added = {
      ...(labels[label.partOf] === undefined ? { [label.partOf]: partOf } : {}),
      ...(labels[label.instance] === undefined && instance !== undefined
        ? { [label.instance]: instance }
        : {}),
    };
    if (Object.keys(added).length === 0) return undefined;
    return {
      ...object.props,
      metadata: { ...metadataOf(object.props), labels: { ...labels, ...added } },
    };
  },
});
