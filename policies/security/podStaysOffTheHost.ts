import { inEach } from "../model/parts.ts";
import { isOfInstance } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { containersOf, podOf, workloadTypes } from "../model/workloads.ts";

interface Volume {
  readonly name?: string;
  readonly hostPath?: { readonly path?: string };
}

interface Port {
  readonly hostPort?: number;
}

export const podStaysOffTheHost = resourceRule({
  name: "pod-stays-off-the-host",
  pack: "security",
  severity: "critical",
  demand: "No pod of an instance shares a namespace, a folder or a port with its node.",
  reason:
    "On the host's network no NetworkPolicy holds, and a folder of the node is a way into every other pod.",
  steps: "Remove hostNetwork, hostPID, hostIPC, hostPath volumes and hostPort from the pod's spec.",
  types: workloadTypes,
  *check(workload, context) {
    if (!isOfInstance(workload)) return;
    const { spec } = podOf(workload);
    yield* inEach(["hostNetwork", "hostPID", "hostIPC"], context, function* (name) {
      if (spec.value[name] === true) yield `Remove ${spec.path}.${name}.`;
    });
    yield* inEach(
      ((spec.value["volumes"] ?? []) as Volume[]).entries(),
      context,
      function* ([index, { name, hostPath }]) {
        if (hostPath !== undefined)
          yield `The volume ${name ?? index} (${spec.path}.volumes[${index}]) is a folder of the node; use an emptyDir, a Secret or a PersistentVolumeClaim.`;
      },
    );
    yield* inEach(containersOf(workload), context, function* ({ path, value }) {
      for (const [index, { hostPort }] of ((value["ports"] ?? []) as Port[]).entries())
        if (hostPort !== undefined && hostPort !== 0)
          yield `Remove ${path}.ports[${index}].hostPort (${hostPort}); a Service reaches the pod without it.`;
    });
  },
});
