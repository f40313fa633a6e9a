import type { StackValidationPolicy } from "@pulumi/policy";
import { isInstanceNamespace, kubernetesType, label, metadataOf } from "../resources.ts";

interface Spec {
  readonly podSelector?: { readonly matchLabels?: object; readonly matchExpressions?: readonly unknown[] };
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly unknown[];
  readonly egress?: readonly unknown[];
}

const isEmpty = (value: object | undefined) => value === undefined || Object.keys(value).length === 0;

const deniesAll = ({ podSelector, policyTypes, ingress, egress }: Spec): boolean =>
  podSelector !== undefined &&
  isEmpty(podSelector.matchLabels) &&
  isEmpty(podSelector.matchExpressions) &&
  ["Ingress", "Egress"].every((direction) => policyTypes?.includes(direction)) &&
  isEmpty(ingress) &&
  isEmpty(egress);

/**
 * Matched by the instance's label and not by the namespace's name: labels are known in the first preview, too. Without such a policy a
 * NetworkPolicy that opens something still leaves every other pod of the namespace open.
 */
export const namespaceDeniesByDefault: StackValidationPolicy = {
  name: "namespace-denies-by-default",
  description: "Each instance's namespace has a NetworkPolicy that selects every pod and allows nothing, in and out.",
  validateStack: ({ resources }, report) => {
    const closed = new Set(
      resources
        .filter(({ type, props }) => type === kubernetesType.networkPolicy && deniesAll((props["spec"] ?? {}) as Spec))
        .map(({ props }) => metadataOf(props).labels?.[label.instance]),
    );
    for (const namespace of resources.filter(isInstanceNamespace)) {
      const instance = metadataOf(namespace.props).labels?.[label.instance];
      if (instance === undefined || !closed.has(instance)) {
        report(
          `Instance ${instance ?? "without a name"} has no default-deny NetworkPolicy: add one with an empty podSelector, both policyTypes, no rules and its label ${label.instance}.`,
          namespace.urn,
        );
      }
    }
  },
};
