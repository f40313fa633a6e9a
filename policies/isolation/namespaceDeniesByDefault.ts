import { kubernetesType, label } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";

interface Spec {
  readonly podSelector?: {
    readonly matchLabels?: object;
    readonly matchExpressions?: readonly unknown[];
  };
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly unknown[];
  readonly egress?: readonly unknown[];
}

const isEmpty = (value: object | undefined) =>
  value === undefined || Object.keys(value).length === 0;

const deniesAll = ({ podSelector, policyTypes, ingress, egress }: Spec): boolean =>
  podSelector !== undefined &&
  isEmpty(podSelector.matchLabels) &&
  isEmpty(podSelector.matchExpressions) &&
  ["Ingress", "Egress"].every((direction) => policyTypes?.includes(direction)) &&
  isEmpty(ingress) &&
  isEmpty(egress);

export const namespaceDeniesByDefault = stackRule({
  name: "namespace-denies-by-default",
  pack: "isolation",
  severity: "high",
  demand:
    "Each instance's namespace has a NetworkPolicy that selects every pod and allows nothing, in and out.",
  reason: "A NetworkPolicy that opens something leaves every other pod of the namespace open.",
  steps:
    "Add a NetworkPolicy with an empty podSelector, both policyTypes and no rules to the namespace.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      const verdicts = instance
        .of(kubernetesType.networkPolicy)
        .map(({ props }) => known(() => deniesAll((props["spec"] ?? {}) as Spec)));
      // One that a preview can't know may be it.
      if (verdicts.some((denies) => denies !== false)) continue;
      yield problemOf(
        instance,
        `Instance ${instance.name} has no default-deny NetworkPolicy: add one with an empty podSelector, both policyTypes, no rules and its label ${label.instance}.`,
      );
    }
  },
});
