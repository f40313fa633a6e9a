import type { Allowance, CompiledRules, Direction, IsolatedGroup, Peer, Port } from "./rules.ts";

export const tableName = "mlflow_network_policies";

/**
 * One transaction: the old table goes and the new one comes at once, no packet sees neither.
 * - Connections are judged when they begin; answers pass.
 * - The output hook is left alone: traffic from a node to its own pods is always allowed (kubelet's probes). The ingress controller is a process on
 *   the node and passes for the same reason; nothing in a packet tells the two apart.
 * - Service addresses are already rewritten to the pod's (or the node's) by kube-proxy when these hooks see the packet.
 * - Traffic from a pod to the node (database, object store, DNS, API server) goes through the input hook, where egress rules hold as well.
 * - An address of the pod range that no known pod has gets nothing through. Silently: the sender's next try succeeds when the pod is known by then.
 *   What a policy forbids is rejected, so that the program says so at once instead of waiting.
 * - The source address is the identity. A packet whose source does not belong behind the interface that it came from is dropped, and so is IPv6,
 *   which this network does not use and which would reach the node's services past every rule.
 */
export function render({ podCidr, known, groups }: CompiledRules): string {
  const chains = groups.map((group, index) => ({ group, name: `${group.direction}_${index}` }));
  const verdicts = (direction: Direction): string[] =>
    chains
      .filter(({ group }) => group.direction === direction)
      .flatMap(({ group, name }) => group.addresses.map((address) => `${address} : jump ${name}`));
  return lines(
    `table inet ${tableName}`,
    `delete table inet ${tableName}`,
    `table inet ${tableName} {`,
    ...container("set known", "type ipv4_addr", known),
    ...container(
      "set itself",
      "type ipv4_addr . ipv4_addr",
      known.map((address) => `${address} . ${address}`),
    ),
    ...container("map ingress_isolated", "type ipv4_addr : verdict", verdicts("ingress")),
    ...container("map egress_isolated", "type ipv4_addr : verdict", verdicts("egress")),
    ...chains.flatMap(({ group, name }) => isolatedChain(group, name)),
    ...chain("ingress", "ip daddr != @known drop", "ip daddr vmap @ingress_isolated"),
    ...chain("egress", "ip saddr != @known drop", "ip saddr vmap @egress_isolated"),
    ...chain(
      "prerouting",
      "type filter hook prerouting priority raw; policy accept;",
      'iifname "lo" accept',
      "meta nfproto ipv6 drop",
      "fib saddr . iif oif missing drop",
    ),
    ...chain(
      "forward",
      "type filter hook forward priority filter; policy accept;",
      "ct state established,related accept",
      "ip saddr . ip daddr @itself accept",
      `ip saddr ${podCidr} jump egress`,
      `ip daddr ${podCidr} jump ingress`,
    ),
    ...chain(
      "input",
      "type filter hook input priority filter; policy accept;",
      'iifname "lo" accept',
      "ct state established,related accept",
      `ip saddr ${podCidr} jump egress`,
    ),
    "}",
  );
}

const lines = (...all: readonly string[]): string => `${all.join("\n")}\n`;

const block = (head: string, body: readonly string[]): string[] => [`  ${head} {`, ...body.map((line) => `    ${line}`), "  }"];
const chain = (name: string, ...body: readonly string[]): string[] => block(`chain ${name}`, body);
/** nft takes no empty list of elements. */
const container = (head: string, type: string, elements: readonly string[]): string[] =>
  block(head, [type, ...(elements.length > 0 ? [`elements = { ${elements.join(", ")} }`] : [])]);

function isolatedChain(group: IsolatedGroup, name: string): string[] {
  const allowed = new Set(group.allowed.map((allowance) => [...matches(allowance, group.direction), "return"].join(" ")));
  // The kernel keeps 128 bytes of a comment.
  return chain(name, `comment "${group.policies.join(" ").slice(0, 120)}"`, ...allowed, "reject with icmpx admin-prohibited");
}

const matches = ({ peer, port }: Allowance, direction: Direction): string[] => [
  ...peerMatches(peer, direction === "ingress" ? "ip saddr" : "ip daddr"),
  ...portMatches(port),
];

function peerMatches(peer: Peer, field: string): string[] {
  if (peer === "any") return [];
  if ("addresses" in peer) return [`${field} { ${peer.addresses.join(", ")} }`];
  return [`${field} ${peer.cidr}`, ...(peer.except.length > 0 ? [`${field} != { ${peer.except.join(", ")} }`] : [])];
}

function portMatches(port: Port): string[] {
  if (port === "any") return [];
  if ("targets" in port)
    return [`ip daddr . ${port.protocol} dport { ${port.targets.map(([address, number]) => `${address} . ${number}`).join(", ")} }`];
  if (port.ranges === "all") return [`meta l4proto ${port.protocol}`];
  return [`${port.protocol} dport { ${port.ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ")} }`];
}
