import { isOfInstance } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { podOf, withPodSpec, workloadTypes } from "../model/workloads.ts";

export const podHasNoClusterToken = resourceRule({
  name: "pod-has-no-cluster-token",
  pack: "security",
  severity: "high",
  demand: "No pod of an instance gets the default token for the Kubernetes API.",
  // Also with IRSA or EKS Pod Identity: both mount a token of their own, for AWS only, whatever
  // this says.
  reason:
    "MLflow never calls the API, but a stolen token can. A role of AWS has a token of its own; so has a server that fetches the cluster's keys for workloads, without further rights.",
  steps: "Set automountServiceAccountToken: false in the pod's spec.",
  types: workloadTypes,
  *check(workload) {
    if (!isOfInstance(workload)) return;
    const { spec } = podOf(workload);
    if (spec.value["automountServiceAccountToken"] !== false)
      yield `Set ${spec.path}.automountServiceAccountToken to false.`;
  },
  // Certain only where nothing was said.
  remedy(workload) {
    if (
      !isOfInstance(workload) ||
      podOf(workload).spec.value["automountServiceAccountToken"] !== undefined
    )
      return undefined;
    return withPodSpec(workload, (spec) => ({ ...spec, automountServiceAccountToken: false }));
  },
});
