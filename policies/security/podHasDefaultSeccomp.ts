import { inEach } from "../model/parts.ts";
import { isOfInstance } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { containersOf, podOf, withPodSpec, workloadTypes } from "../model/workloads.ts";

const typeOf = (securityContext: Record<string, any> | undefined): string | undefined =>
  securityContext?.["seccompProfile"]?.type as string | undefined;

export const podHasDefaultSeccomp = resourceRule({
  name: "pod-has-default-seccomp",
  pack: "security",
  severity: "medium",
  demand: "Every container of an instance runs under the container runtime's seccomp profile.",
  reason: "It closes the system calls through which most ways out of a container lead.",
  steps:
    "Set securityContext.seccompProfile to { type: RuntimeDefault } for the pod or the container.",
  types: workloadTypes,
  *check(workload, context) {
    if (!isOfInstance(workload)) return;
    const { spec } = podOf(workload);
    yield* inEach(containersOf(workload), context, function* ({ path, value }) {
      const found = typeOf(value["securityContext"]) ?? typeOf(spec.value["securityContext"]);
      if (found !== "RuntimeDefault" && found !== "Localhost")
        yield `Set ${path}.securityContext.seccompProfile (or that of the pod) to { type: RuntimeDefault } (it is ${found ?? "not set"}).`;
    });
  },
  remedy(workload) {
    if (!isOfInstance(workload)) return undefined;
    const { spec } = podOf(workload);
    if (typeOf(spec.value["securityContext"]) !== undefined) return undefined;
    if (containersOf(workload).every(({ value }) => typeOf(value["securityContext"]) !== undefined))
      return undefined;
    return withPodSpec(workload, (pod) => ({
      ...pod,
      securityContext: { ...pod["securityContext"], seccompProfile: { type: "RuntimeDefault" } },
    }));
  },
});
