import { inCidrs } from "../../../../local/networkPolicies/cidr.ts";
import {
  isPeer,
  type Allowance,
  type CompiledRules,
  type Direction,
} from "../../../../local/networkPolicies/rules.ts";
import { nodeAddress, type Packet } from "./specification.ts";

/**
 * What the hooks of the rendered table do with a first packet, told from the compiled structure.
 */
export function evaluate(rules: CompiledRules, packet: Packet): boolean {
  const { from, to } = packet;
  if (from === nodeAddress) return true;
  if (from === to && rules.known.includes(from)) return true;
  return (
    (!inCidrs(from, rules.podCidr) || passes(rules, "egress", from, packet)) &&
    (!inCidrs(to, rules.podCidr) || passes(rules, "ingress", to, packet))
  );
}

function passes(
  { known, groups }: CompiledRules,
  direction: Direction,
  address: string,
  packet: Packet,
): boolean {
  if (!known.includes(address)) return false;
  const group = groups.filter(
    (candidate) => candidate.direction === direction && candidate.addresses.includes(address),
  );
  // A map has one verdict for an address.
  if (group.length > 1) throw new Error(`${address} is in ${group.length} groups`);
  return group.every(({ allowed }) =>
    allowed.some((allowance) => fits(allowance, direction, packet)),
  );
}

function fits({ peer, port }: Allowance, direction: Direction, packet: Packet): boolean {
  if (!isPeer(peer, direction === "ingress" ? packet.from : packet.to)) return false;
  if (port === "any") return true;
  if (port.protocol !== packet.protocol.toLowerCase()) return false;
  if ("targets" in port)
    return port.targets.some(
      ([address, number]) => address === packet.to && number === packet.port,
    );
  return (
    port.ranges === "all" ||
    port.ranges.some(([from, to]) => packet.port >= from && packet.port <= to)
  );
}
