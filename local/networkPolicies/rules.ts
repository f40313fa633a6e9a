import { isIPv4 } from "node:net";
import { canonicalCidr, inCidrs } from "./cidr.ts";
import {
  podKey,
  selects,
  type LabelSelector,
  type Namespace,
  type NetworkPolicy,
  type Pod,
  type PolicyPeer,
  type PolicyPort,
} from "./objects.ts";

export type Direction = "ingress" | "egress";
export type Protocol = "tcp" | "udp" | "sctp";

/** The other end of a connection: any, one of some pods, or an address block with holes. */
export type Peer =
  | "any"
  | { readonly addresses: readonly string[] }
  | { readonly cidr: string; readonly except: readonly string[] };

/**
 * `targets`: a named port is another number on each pod, so it is pairs of destination address and
 * port.
 */
export type Port =
  | "any"
  | {
      readonly protocol: Protocol;
      readonly ranges: readonly (readonly [from: number, to: number])[] | "all";
    }
  | {
      readonly protocol: Protocol;
      readonly targets: readonly (readonly [address: string, port: number])[];
    };

export interface Allowance {
  readonly peer: Peer;
  readonly port: Port;
}

/**
 * Pods that the same policies isolate in one direction; a new connection needs one of the
 * allowances.
 */
export interface IsolatedGroup {
  readonly direction: Direction;
  readonly policies: readonly string[];
  readonly addresses: readonly string[];
  readonly allowed: readonly Allowance[];
}

export interface CompiledRules {
  readonly podCidr: string;
  /** Every address in the pod range that belongs to a known pod. All others are cut off. */
  readonly known: readonly string[];
  readonly groups: readonly IsolatedGroup[];
}

export interface CompileOptions {
  /** Range of the pod addresses, canonical. */
  readonly podCidr: string;
  /**
   * Addresses by `namespace/name` that are newer than the ones in the pods' status: the network
   * plugin's word.
   */
  readonly addresses?: ReadonlyMap<string, string>;
  /**
   * What runs on the node under an address of its own and is a pod on other clusters (the DNS
   * server): policies name it like a pod.
   */
  readonly nodePods?: readonly Pod[];
}

interface Endpoint {
  readonly pod: Pod;
  readonly address: string;
}

/** Which connections the policies allow; `render` makes an nftables transaction of it. */
export function compileRules(
  policies: readonly NetworkPolicy[],
  namespaces: readonly Namespace[],
  pods: readonly Pod[],
  options: CompileOptions,
): CompiledRules {
  const endpoints = endpointsOf(pods, options);
  const namespaceLabels = new Map(
    namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]),
  );
  const peers = [
    ...endpoints,
    ...(options.nodePods ?? []).map((pod) => ({ pod, address: pod.status?.podIP ?? "" })),
  ];
  const groups = (["ingress", "egress"] as const).flatMap((direction) =>
    groupsOf(direction, policies, endpoints, peers, namespaceLabels),
  );
  return { podCidr: options.podCidr, known: endpoints.map(({ address }) => address), groups };
}

/**
 * Pods that have an address of the pod network. A pod on the host's network is the node, a
 * terminated one has given its address back.
 */
function endpointsOf(
  pods: readonly Pod[],
  { podCidr, addresses = new Map() }: CompileOptions,
): Endpoint[] {
  const claims = new Map<string, { pod: Pod; fresh: boolean }[]>();
  for (const pod of pods) {
    if (pod.spec?.hostNetwork === true || ["Succeeded", "Failed"].includes(pod.status?.phase ?? ""))
      continue;
    const fresh = addresses.get(podKey(pod));
    const address = fresh ?? pod.status?.podIP ?? "";
    if (!isIPv4(address) || !inCidrs(address, podCidr)) continue;
    claims.set(address, [...(claims.get(address) ?? []), { pod, fresh: fresh !== undefined }]);
  }
  // After a restart of the node a status can name an address that another pod has by now. In doubt
  // it belongs to no pod, and nothing gets through.
  return [...claims]
    .map(([address, owners]) => ({
      address,
      owners: owners.some(({ fresh }) => fresh) ? owners.filter(({ fresh }) => fresh) : owners,
    }))
    .flatMap(({ address, owners: [owner, ...others] }) =>
      owner !== undefined && others.length === 0 ? [{ address, pod: owner.pod }] : [],
    )
    .sort((a, b) => (podKey(a.pod) < podKey(b.pod) ? -1 : 1));
}

function groupsOf(
  direction: Direction,
  policies: readonly NetworkPolicy[],
  endpoints: readonly Endpoint[],
  others: readonly Endpoint[],
  namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>,
): IsolatedGroup[] {
  const isolating = policies
    .filter((policy) => directionsOf(policy).includes(direction))
    .sort((a, b) => (podKey(a) < podKey(b) ? -1 : 1));
  const byPolicies = Map.groupBy(endpoints, ({ pod }) =>
    isolating
      .filter(
        ({ metadata, spec }) =>
          metadata.namespace === pod.metadata.namespace &&
          selects(spec?.podSelector ?? {}, pod.metadata.labels),
      )
      .map(podKey)
      .join(" "),
  );
  byPolicies.delete("");
  return [...byPolicies].map(([names, members]) => {
    const selected = names.split(" ");
    const allowed = isolating
      .filter((policy) => selected.includes(podKey(policy)))
      .flatMap((policy) =>
        rulesOf(policy, direction).flatMap(({ peers, ports }) =>
          peersOf(policy.metadata.namespace, peers, others, namespaceLabels).flatMap((peer) =>
            portsOf(
              ports,
              direction === "ingress"
                ? members
                : others.filter(({ address }) => isPeer(peer, address)),
            ).map((port) => ({
              peer,
              port,
            })),
          ),
        ),
      );
    return {
      direction,
      policies: selected,
      addresses: members.map(({ address }) => address),
      allowed,
    };
  });
}

/** A policy that names no direction is for ingress, and for egress too if it has egress rules. */
function directionsOf({ spec = {} }: NetworkPolicy): Direction[] {
  const types = spec.policyTypes ?? [];
  if (types.length > 0)
    return (["ingress", "egress"] as const).filter((direction) =>
      types.some((type) => type.toLowerCase() === direction),
    );
  return (spec.egress ?? []).length > 0 ? ["ingress", "egress"] : ["ingress"];
}

function rulesOf(
  { spec = {} }: NetworkPolicy,
  direction: Direction,
): { peers: readonly PolicyPeer[]; ports: readonly PolicyPort[] }[] {
  if (direction === "ingress")
    return (spec.ingress ?? []).map(({ from, ports }) => ({
      peers: from ?? [],
      ports: ports ?? [],
    }));
  return (spec.egress ?? []).map(({ to, ports }) => ({ peers: to ?? [], ports: ports ?? [] }));
}

function peersOf(
  namespace: string,
  peers: readonly PolicyPeer[],
  endpoints: readonly Endpoint[],
  namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>,
): Peer[] {
  if (peers.length === 0) return ["any"];
  const inNamespace = (selector: LabelSelector | undefined, name: string): boolean => {
    if (selector === undefined) return name === namespace;
    const labels = namespaceLabels.get(name);
    return labels !== undefined && selects(selector, labels);
  };
  const addresses = endpoints
    .filter(({ pod }) =>
      peers.some(
        ({ ipBlock, podSelector, namespaceSelector }) =>
          ipBlock === undefined &&
          (podSelector !== undefined || namespaceSelector !== undefined) &&
          inNamespace(namespaceSelector, pod.metadata.namespace) &&
          selects(podSelector ?? {}, pod.metadata.labels),
      ),
    )
    .map(({ address }) => address);
  const blocks = peers.flatMap(({ ipBlock }) => {
    const cidr = ipBlock === undefined ? undefined : canonicalCidr(ipBlock.cidr);
    return cidr === undefined
      ? []
      : [
          {
            cidr,
            except: (ipBlock?.except ?? []).map(canonicalCidr).filter((hole) => hole !== undefined),
          },
        ];
  });
  return [...(addresses.length > 0 ? [{ addresses }] : []), ...blocks];
}

export function isPeer(peer: Peer, address: string): boolean {
  if (peer === "any") return true;
  return "addresses" in peer
    ? peer.addresses.includes(address)
    : inCidrs(address, peer.cidr) && !inCidrs(address, ...peer.except);
}

function portsOf(ports: readonly PolicyPort[], destinations: readonly Endpoint[]): Port[] {
  if (ports.length === 0) return ["any"];
  return (["tcp", "udp", "sctp"] as const).flatMap((protocol): Port[] => {
    const own = ports.filter((port) => (port.protocol ?? "TCP").toLowerCase() === protocol);
    if (own.some(({ port }) => port === undefined)) return [{ protocol, ranges: "all" }];
    const ranges = own.flatMap(({ port, endPort }) =>
      typeof port === "number" ? [[port, endPort ?? port] as const] : [],
    );
    const targets = own.flatMap(({ port }) =>
      typeof port === "string"
        ? destinations.flatMap(({ pod, address }) =>
            portNumbers(pod, port, protocol).map((number) => [address, number] as const),
          )
        : [],
    );
    return [
      ...(ranges.length > 0 ? [{ protocol, ranges }] : []),
      ...(targets.length > 0 ? [{ protocol, targets }] : []),
    ];
  });
}

function portNumbers({ spec }: Pod, name: string, protocol: Protocol): number[] {
  const sidecars = (spec?.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === "Always",
  );
  return [...(spec?.containers ?? []), ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .filter((port) => port.name === name && (port.protocol ?? "TCP").toLowerCase() === protocol)
    .map(({ containerPort }) => containerPort);
}
