import { inEach } from "../model/parts.ts";
import { isOfInstance } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { containersOf, podOf, workloadTypes } from "../model/workloads.ts";

export const podRunsAsNonRoot = resourceRule({
  name: "pod-runs-as-non-root",
  pack: "security",
  severity: "high",
  demand: "Every container of an instance runs as another user than root.",
  reason: "Root inside a container is root on the node as soon as one flaw lets it out.",
  steps: "Set securityContext.runAsNonRoot: true, and runAsUser to another user than 0.",
  types: workloadTypes,
  *check(workload, context) {
    if (!isOfInstance(workload)) return;
    const { spec } = podOf(workload);
    // What the container says counts, else what the pod says.
    yield* inEach(containersOf(workload), context, function* ({ path, value }) {
      const setting = (name: string): unknown =>
        value["securityContext"]?.[name] ?? spec.value["securityContext"]?.[name];
      if (setting("runAsNonRoot") !== true)
        yield `Set ${path}.securityContext.runAsNonRoot (or that of the pod) to true.`;
      if (setting("runAsUser") === 0)
        yield `${path} runs as user 0; set securityContext.runAsUser to another, such as 10001.`;
    });
  },
});
