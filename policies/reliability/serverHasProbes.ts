import { inEach } from "../model/parts.ts";
import { resourceRule } from "../rule.ts";
import { isTrackingServer, podOf, serverTypes } from "../model/workloads.ts";

const probes = {
  startupProbe: "a start that hangs is never seen",
  readinessProbe: "requests go to a pod that can't answer",
  livenessProbe: "a server that hangs is never restarted",
} as const;

export const serverHasProbes = resourceRule({
  name: "server-has-probes",
  pack: "reliability",
  severity: "high",
  demand: "A tracking server has a startup, a readiness and a liveness probe.",
  reason:
    "MLflow's parent process stays up when its workers die: only a probe detects that requests are not answered.",
  steps: "Set startupProbe, readinessProbe and livenessProbe of the server's container.",
  types: serverTypes,
  *check(server, context) {
    if (!isTrackingServer(server)) return;
    const { spec } = podOf(server);
    const containers = ((spec.value["containers"] ?? []) as Record<string, unknown>[]).entries();
    yield* inEach(containers, context, function* ([index, container]) {
      for (const [probe, otherwise] of Object.entries(probes))
        if (container[probe] === undefined)
          yield `Set ${spec.path}.containers[${index}].${probe}; without it ${otherwise}.`;
    });
  },
});
