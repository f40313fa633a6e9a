import { addressedPods, matches, namedPort, type ClusterState, type NetworkPolicy, type Peer, type Pod, type Port } from "./model.ts";

export const tableName = "mlflow_network_policies";

/**
 * The cluster's DNS runs on the node, with an address of its own. Policies name it as everywhere: pods `k8s-app: kube-dns` in `kube-system`.
 */
export const dnsPod = (ip: string): Pod => ({
  metadata: { name: "coredns", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
  status: { phase: "Running", podIP: ip },
});

type AddressedPod = ReturnType<typeof addressedPods>[number];
type Direction = "ingress" | "egress";

const isolates = ({ spec }: NetworkPolicy, direction: Direction): boolean => {
  const types = spec.policyTypes ?? (spec.egress === undefined ? ["Ingress"] : ["Ingress", "Egress"]);
  return types.includes(direction === "ingress" ? "Ingress" : "Egress");
};

/** The pods that a peer of a policy means. */
function peerPods(peer: Peer, policy: NetworkPolicy, pods: readonly AddressedPod[], state: ClusterState): AddressedPod[] {
  const { podSelector, namespaceSelector } = peer;
  const namespaces = new Map(state.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  return pods.filter(({ metadata }) => {
    const inNamespace =
      namespaceSelector === undefined
        ? metadata.namespace === policy.metadata.namespace
        : matches(namespaceSelector, namespaces.get(metadata.namespace ?? "") ?? {});
    return inNamespace && (podSelector === undefined || matches(podSelector, metadata.labels));
  });
}

const protocols: Record<string, string> = { TCP: "tcp", UDP: "udp", SCTP: "sctp" };

/** The match of one port; undefined when the port is a name that the pod lacks: then nothing matches. */
function portMatch({ protocol = "TCP", port, endPort }: Port, pod: Pod | undefined): string | undefined {
  const name = protocols[protocol];
  if (name === undefined) return undefined;
  if (port === undefined) return `meta l4proto ${name}`;
  const number = typeof port === "number" ? port : pod === undefined ? undefined : namedPort(pod, port, protocol);
  if (number === undefined) return undefined;
  return `${name} dport ${number}${endPort === undefined ? "" : `-${endPort}`}`;
}

/** All matches of ports, where none at all means every port. */
function portMatches(ports: readonly Port[] | undefined, pod: Pod | undefined): string[] {
  if (ports === undefined || ports.length === 0) return [""];
  return ports.map((port) => portMatch(port, pod)).filter((match) => match !== undefined);
}

const side = (direction: Direction): string => (direction === "ingress" ? "ip saddr" : "ip daddr");

/** Matches of one allowing rule of a policy for one isolated pod. */
function ruleMatches(
  direction: Direction,
  target: AddressedPod,
  policy: NetworkPolicy,
  rule: { readonly peers: readonly Peer[] | undefined; readonly ports: readonly Port[] | undefined },
  pods: readonly AddressedPod[],
  state: ClusterState,
): string[] {
  const address = side(direction);
  const join = (...parts: string[]): string => parts.filter((part) => part !== "").join(" ");
  // A port by name is one of the pod that is connected to.
  const ownPorts = portMatches(rule.ports, direction === "ingress" ? target : undefined);
  if (rule.peers === undefined || rule.peers.length === 0) return ownPorts;
  return rule.peers.flatMap((peer) => {
    if (peer.ipBlock !== undefined) {
      const { cidr, except = [] } = peer.ipBlock;
      if (cidr.includes(":")) return []; // the platform has no IPv6
      const without = except.filter((one) => !one.includes(":"));
      const block = join(`${address} ${cidr}`, without.length === 0 ? "" : `${address} != { ${without.join(", ")} }`);
      return ownPorts.map((port) => join(block, port));
    }
    const selected = peerPods(peer, policy, pods, state);
    if (selected.length === 0) return [];
    const named = direction === "egress" && (rule.ports ?? []).some(({ port }) => typeof port === "string");
    if (named) return selected.flatMap((pod) => portMatches(rule.ports, pod).map((port) => join(`${address} ${pod.status.podIP}`, port)));
    const set = [...new Set(selected.map((pod) => pod.status.podIP))].sort().join(", ");
    return ownPorts.map((port) => join(`${address} { ${set} }`, port));
  });
}

/** What is allowed for one pod in one direction; undefined when no policy isolates it there. */
export function allowedFor(direction: Direction, target: AddressedPod, pods: readonly AddressedPod[], state: ClusterState): string[] | undefined {
  const policies = state.policies.filter(
    (policy) =>
      policy.metadata.namespace === target.metadata.namespace &&
      isolates(policy, direction) &&
      matches(policy.spec.podSelector ?? {}, target.metadata.labels),
  );
  if (policies.length === 0) return undefined;
  const allowed = policies.flatMap((policy) =>
    direction === "ingress"
      ? (policy.spec.ingress ?? []).flatMap(({ from, ports }) => ruleMatches(direction, target, policy, { peers: from, ports }, pods, state))
      : (policy.spec.egress ?? []).flatMap(({ to, ports }) => ruleMatches(direction, target, policy, { peers: to, ports }, pods, state)),
  );
  return [...new Set(allowed)].sort();
}

export interface Rendered {
  /** Input of `nft -f`: replaces the whole table in one step, without a moment in which nothing is enforced. */
  readonly text: string;
  readonly isolatedPods: number;
}

/** The rules of a cluster's state. Traffic from the node to its pods (probes, the ingress) is always allowed, as Kubernetes demands. */
export function renderRules(state: ClusterState, dnsIp: string): Rendered {
  const own = addressedPods(state.pods);
  const peers = [...own, ...addressedPods([dnsPod(dnsIp)])];
  const chains: string[] = [];
  const maps: Record<Direction, string[]> = { ingress: [], egress: [] };
  const isolated = new Set<string>();
  for (const target of [...own].sort((a, b) => (a.status.podIP < b.status.podIP ? -1 : 1))) {
    for (const direction of ["ingress", "egress"] as const) {
      const allowed = allowedFor(direction, target, peers, state);
      if (allowed === undefined) continue;
      const ip = target.status.podIP;
      if (maps[direction].some((line) => line.startsWith(`${ip} `))) continue;
      isolated.add(ip);
      const chain = `${direction}_${ip.replaceAll(".", "_")}`;
      maps[direction].push(`${ip} : jump ${chain}`);
      chains.push(
        [
          `  chain ${chain} { # ${target.metadata.namespace}/${target.metadata.name}`,
          `    ${side(direction)} ${ip} return`,
          ...allowed.map((match) => `    ${match === "" ? "return" : `${match} return`}`),
          "    reject with icmp type admin-prohibited",
          "  }",
        ].join("\n"),
      );
    }
  }
  const dispatch = (direction: Direction): string[] =>
    maps[direction].length === 0 ? [] : [`    ${direction === "ingress" ? "ip daddr" : "ip saddr"} vmap { ${maps[direction].join(", ")} }`];
  const text = [
    `table ip ${tableName}`,
    `delete table ip ${tableName}`,
    `table ip ${tableName} {`,
    ...chains,
    "  chain forward {",
    "    type filter hook forward priority filter; policy accept;",
    "    ct state established,related accept",
    ...dispatch("egress"),
    ...dispatch("ingress"),
    "  }",
    "  chain input {",
    "    type filter hook input priority filter; policy accept;",
    "    ct state established,related accept",
    ...dispatch("egress"),
    "  }",
    "}",
    "",
  ].join("\n");
  return { text, isolatedPods: isolated.size };
}
