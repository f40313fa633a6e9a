import type { Allowance, CompiledRules, Direction, Peer, Port } from "./rules.ts";

export const tableName = "mlflow_network_policies";

/**
 * One transaction for the whole table. Only the rules are exchanged, the chains stay: a packet that
 * meets a new chain before the exchange and the deleted one after it would pass both (seen: 1 of
 * 10,000). For the same reason nothing is kept in named sets and maps.
 * - Connections are judged when they begin; answers pass.
 * - The output hook is left alone: traffic from a node to its own pods is always allowed (kubelet's
 *   probes). The ingress controller is a process on
 * the node and passes for the same reason; nothing in a packet tells the two apart.
 * - Service addresses are already rewritten to the pod's (or the node's) by kube-proxy when these
 *   hooks see the packet.
 * - Traffic from a pod to the node (database, object store, DNS, API server) goes through the input
 *   hook, where egress rules hold as well.
 * - An address of the pod range that no known pod has gets nothing through. Silently: the sender's
 *   next try succeeds when the pod is known by then.
 * What a policy forbids is rejected, so that the program says so at once instead of waiting.
 * - The source address is the identity. A packet whose source does not belong behind the interface
 *   that it came from is dropped, and so is IPv6,
 * which this network does not use and which would reach the node's services past every rule.
 */
export function render(rules: CompiledRules): string {
  const { podCidr, known } = rules;
  const chains: Readonly<Record<string, { hook?: string; rules: readonly string[] }>> = {
    egress: { rules: directionRules(rules, "egress") },
    ingress: { rules: directionRules(rules, "ingress") },
    prerouting: {
      hook: "type filter hook prerouting priority raw; policy accept;",
      rules: ['iifname "lo" accept', "meta nfproto ipv6 drop", "fib saddr . iif oif missing drop"],
    },
    forward: {
      hook: "type filter hook forward priority filter; policy accept;",
      rules: [
        "ct state established,related accept",
        ...(known.length > 0
          ? [
              `ip saddr . ip daddr { ${known.map((address) => `${address} . ${address}`).join(", ")} } accept`,
            ]
          : []),
        `ip saddr ${podCidr} jump egress`,
        `ip daddr ${podCidr} jump ingress`,
      ],
    },
    input: {
      hook: "type filter hook input priority filter; policy accept;",
      rules: [
        'iifname "lo" accept',
        "ct state established,related accept",
        `ip saddr ${podCidr} jump egress`,
      ],
    },
  };
  const table = (
    body: (chain: { hook?: string; rules: readonly string[] }) => readonly string[],
  ): string[] => [
    `table inet ${tableName} {`,
    ...Object.entries(chains).flatMap(([name, chain]) => [
      `  chain ${name} {`,
      ...body(chain).map((line) => `    ${line}`),
      "  }",
    ]),
    "}",
  ];
  const declared = table(({ hook }) => (hook === undefined ? [] : [hook]));
  return [...declared, `flush table inet ${tableName}`, ...table((chain) => chain.rules), ""].join(
    "\n",
  );
}

/**
 * `return` lets the connection go on; what comes to the end is of a pod that no policy isolates.
 */
function directionRules({ known, groups }: CompiledRules, direction: Direction): string[] {
  const [own, other] =
    direction === "ingress" ? ["ip daddr", "ip saddr"] : ["ip saddr", "ip daddr"];
  const isolated = groups
    .filter((group) => group.direction === direction)
    .flatMap(({ addresses, allowed, policies }) => {
      const members = `${own} { ${addresses.join(", ")} }`;
      const allowing = new Set(
        allowed.map((allowance) => [members, ...matches(allowance, other), "return"].join(" ")),
      );
      // The kernel keeps 128 bytes of a comment.
      const reason = `comment "${policies.join(" ").slice(0, 120)}"`;
      // Linux forgets an ICMP answer that comes while it still sends the first packet of a TCP
      // connection, and tries again a second later.
      return [
        ...allowing,
        `${members} meta l4proto tcp reject with tcp reset ${reason}`,
        `${members} reject with icmpx admin-prohibited ${reason}`,
      ];
    });
  return [known.length > 0 ? `${own} != { ${known.join(", ")} } drop` : "drop", ...isolated];
}

const matches = ({ peer, port }: Allowance, other: string): string[] => [
  ...peerMatches(peer, other),
  ...portMatches(port),
];

function peerMatches(peer: Peer, other: string): string[] {
  if (peer === "any") return [];
  if ("addresses" in peer) return [`${other} { ${peer.addresses.join(", ")} }`];
  return [`${other} ${peer.cidr}`, ...peer.except.map((hole) => `${other} != ${hole}`)];
}

function portMatches(port: Port): string[] {
  if (port === "any") return [];
  if ("targets" in port)
    return [
      `ip daddr . ${port.protocol} dport { ${port.targets.map(([address, number]) => `${address} . ${number}`).join(", ")} }`,
    ];
  if (port.ranges === "all") return [`meta l4proto ${port.protocol}`];
  return [
    `${port.protocol} dport { ${port.ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ")} }`,
  ];
}
