import { isInstanceNamespace, kubernetesType, marksOf, metadataOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

const level = "pod-security.kubernetes.io/enforce";

export const namespaceEnforcesRestricted = resourceRule({
  name: "namespace-enforces-restricted",
  pack: "security",
  severity: "high",
  demand: "The namespace of an instance enforces the restricted pod security level.",
  reason:
    "The API server then refuses every pod that is privileged, runs as root or may gain rights, whichever identity creates it.",
  steps: "Set the label pod-security.kubernetes.io/enforce: restricted of the namespace.",
  types: [kubernetesType.namespace],
  *check(namespace) {
    if (!isInstanceNamespace(namespace)) return;
    const found = marksOf(namespace)[level];
    if (found !== "restricted")
      yield `Set the label ${level}: restricted (it is ${found ?? "not set"}).`;
  },
  // Certain only where nothing was said: another level was a choice.
  remedy({ type, props }) {
    if (!isInstanceNamespace({ type, props }) || marksOf({ type, props })[level] !== undefined)
      return undefined;
    const metadata = metadataOf(props);
    return {
      ...props,
      metadata: { ...metadata, labels: { ...metadata.labels, [level]: "restricted" } },
    };
  },
});
