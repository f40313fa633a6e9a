import type {
  LabelSelector,
  Namespace,
  NetworkPolicy,
  Pod,
  PolicyPeer,
  PolicyPort,
} from "../../../../local/networkPolicies/objects.ts";

/** A first packet of a connection. Addresses are the ones after service translation. */
export interface Packet {
  readonly from: string;
  readonly to: string;
  /** `icmp` stands for whatever has no ports. */
  readonly protocol: "TCP" | "UDP" | "SCTP" | "icmp";
  readonly port: number;
}

export interface World {
  readonly policies: readonly NetworkPolicy[];
  readonly namespaces: readonly Namespace[];
  readonly pods: readonly Pod[];
}

export const podCidr = "10.99.0.0/24";
export const nodeAddress = "10.98.0.2";
const inPodRange = (address: string): boolean => address.startsWith("10.99.0.");

/**
 * NetworkPolicy as the documentation of networking.k8s.io/v1 words it, one packet and one policy at
 * a time: slow, and written without a look at the compiler, which is compared with it.
 */
export function allowed(world: World, packet: Packet): boolean {
  const source = podAt(world, packet.from);
  const destination = podAt(world, packet.to);
  if (packet.from === nodeAddress) return true;
  if (inPodRange(packet.from) && source === undefined) return false;
  if (inPodRange(packet.to) && destination === undefined) return false;
  if (packet.from === packet.to) return true;
  return (
    (source === undefined || passes(world, source, "Egress", packet)) &&
    (destination === undefined || passes(world, destination, "Ingress", packet))
  );
}

function podAt({ pods }: World, address: string): Pod | undefined {
  const owners = pods.filter((pod) => {
    const alive = pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
    return alive && !pod.spec?.hostNetwork && inPodRange(address) && pod.status?.podIP === address;
  });
  return owners.length === 1 ? owners[0] : undefined;
}

function passes(world: World, pod: Pod, direction: "Ingress" | "Egress", packet: Packet): boolean {
  const policies = world.policies.filter(
    (policy) =>
      policy.metadata.namespace === pod.metadata.namespace &&
      matches(policy.spec?.podSelector ?? {}, pod.metadata.labels ?? {}) &&
      effectiveTypes(policy).includes(direction),
  );
  if (policies.length === 0) return true;
  const other = direction === "Ingress" ? packet.from : packet.to;
  return policies.some((policy) => {
    const rules =
      direction === "Ingress" ? (policy.spec?.ingress ?? []) : (policy.spec?.egress ?? []);
    return rules.some((rule) => {
      const peers = ("from" in rule ? rule.from : "to" in rule ? rule.to : undefined) ?? [];
      const ports = rule.ports ?? [];
      const peerFits =
        peers.length === 0 || peers.some((peer) => fitsPeer(world, policy, peer, other));
      return (
        peerFits && (ports.length === 0 || ports.some((port) => fitsPort(world, port, packet)))
      );
    });
  });
}

function effectiveTypes({ spec }: NetworkPolicy): readonly string[] {
  if (spec?.policyTypes?.length) return spec.policyTypes;
  return spec?.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
}

function fitsPeer(world: World, policy: NetworkPolicy, peer: PolicyPeer, address: string): boolean {
  if (peer.ipBlock)
    return (
      inBlock(address, peer.ipBlock.cidr) &&
      !(peer.ipBlock.except ?? []).some((hole) => inBlock(address, hole))
    );
  const pod = podAt(world, address);
  if (pod === undefined) return false;
  if (peer.namespaceSelector) {
    const namespace = world.namespaces.find(
      ({ metadata }) => metadata.name === pod.metadata.namespace,
    );
    if (!namespace || !matches(peer.namespaceSelector, namespace.metadata.labels ?? {}))
      return false;
  } else if (pod.metadata.namespace !== policy.metadata.namespace) return false;
  return matches(peer.podSelector ?? {}, pod.metadata.labels ?? {});
}

function fitsPort(
  world: World,
  { protocol = "TCP", port, endPort }: PolicyPort,
  packet: Packet,
): boolean {
  if (packet.protocol !== protocol) return false;
  if (port === undefined) return true;
  if (typeof port === "number") return packet.port >= port && packet.port <= (endPort ?? port);
  const declared =
    podAt(world, packet.to)?.spec?.containers?.flatMap(({ ports }) => ports ?? []) ?? [];
  return declared.some(
    (own) =>
      own.name === port &&
      (own.protocol ?? "TCP") === protocol &&
      own.containerPort === packet.port,
  );
}

function matches(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  for (const key in matchLabels) if (labels[key] !== matchLabels[key]) return false;
  for (const { key, operator, values } of matchExpressions) {
    const present = key in labels;
    if (operator === "Exists" && !present) return false;
    if (operator === "DoesNotExist" && present) return false;
    if (operator === "In" && !(present && values?.includes(labels[key] ?? ""))) return false;
    if (operator === "NotIn" && present && values?.includes(labels[key] ?? "")) return false;
  }
  return true;
}

function inBlock(address: string, cidr: string): boolean {
  const [block = "", bits = "32"] = cidr.split("/");
  const binary = (ip: string): string =>
    ip
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  return binary(address).slice(0, Number(bits)) === binary(block).slice(0, Number(bits));
}
