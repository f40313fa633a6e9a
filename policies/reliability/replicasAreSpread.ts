import { resourceRule } from "../rule.ts";
import { selectsPodsOf } from "../model/servers.ts";
import { isTrackingServer, podOf, serverTypes } from "../model/workloads.ts";

const topologies = new Set(["kubernetes.io/hostname", "topology.kubernetes.io/zone"]);

interface Spread {
  readonly topologyKey?: string;
  readonly labelSelector?: { readonly matchLabels?: Record<string, string> };
}

export const replicasAreSpread = resourceRule({
  name: "replicas-are-spread",
  pack: "reliability",
  severity: "high",
  demand: "The replicas of a tracking server are spread over nodes or zones.",
  reason: "Two replicas on one node fall together.",
  steps: "Set topologySpreadConstraints of the pods with topologyKey kubernetes.io/hostname.",
  types: serverTypes,
  *check(server) {
    if (!isTrackingServer(server) || (server.props["spec"]?.replicas ?? 1) < 2) return;
    const { spec } = podOf(server);
    const anti = spec.value["affinity"]?.podAntiAffinity ?? {};
    const spreads: Spread[] = [
      ...(spec.value["topologySpreadConstraints"] ?? []),
      ...(anti.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(
        (anti.preferredDuringSchedulingIgnoredDuringExecution ?? []) as {
          podAffinityTerm: Spread;
        }[]
      ).map(({ podAffinityTerm }) => podAffinityTerm),
    ];
    if (
      spreads.some(
        ({ topologyKey, labelSelector }) =>
          topologies.has(topologyKey ?? "") && selectsPodsOf(labelSelector, server),
      )
    )
      return;
    yield `Set ${spec.path}.topologySpreadConstraints (or podAntiAffinity) with topologyKey kubernetes.io/hostname and a labelSelector that selects these pods.`;
  },
});
