import { execa } from "execa";
import type { ProfileNetwork } from "../paths.ts";

/** Where the platform reaches into: addresses that the host already uses, by interface or route. */
export interface AddressInUse {
  readonly cidr: string;
  /** Interface that has the address or the route. */
  readonly link: string;
}

const toNumber = (ip: string): number =>
  ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

function range(cidr: string): { first: number; last: number } {
  const [ip = "", bits = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(toNumber(ip) / size) * size;
  return { first, last: first + size - 1 };
}

export function overlaps(left: string, right: string): boolean {
  const [a, b] = [range(left), range(right)];
  return a.first <= b.last && b.first <= a.last;
}

/** The first use of the platform's link range by something that is not the platform. */
export function conflictIn(
  uses: readonly AddressInUse[],
  network: ProfileNetwork,
): AddressInUse | undefined {
  // The whole internet goes through the default route; that is no claim to the range.
  return uses.find(
    ({ cidr, link }) =>
      link !== network.hostLink && !cidr.endsWith("/0") && overlaps(cidr, network.linkCidr),
  );
}

interface IpAddress {
  ifname?: string;
  addr_info?: { family?: string; local?: string; prefixlen?: number }[];
}
interface IpRoute {
  dst?: string;
  dev?: string;
}

async function addressesInUse(): Promise<AddressInUse[]> {
  const [links, routes] = await Promise.all([
    execa("ip", ["-json", "-4", "address", "show"]).then(
      ({ stdout }) => JSON.parse(stdout || "[]") as IpAddress[],
    ),
    execa("ip", ["-json", "-4", "route", "show", "table", "all"]).then(
      ({ stdout }) => JSON.parse(stdout || "[]") as IpRoute[],
    ),
  ]);
  return [
    ...links.flatMap(({ ifname = "?", addr_info = [] }) =>
      addr_info.flatMap(({ local, prefixlen = 32 }) =>
        local === undefined ? [] : [{ cidr: `${local}/${prefixlen}`, link: ifname }],
      ),
    ),
    ...routes.flatMap(({ dst, dev }) =>
      dst === undefined
        ? []
        : [
            {
              cidr: dst === "default" ? "0.0.0.0/0" : dst.includes("/") ? dst : `${dst}/32`,
              link: dev ?? "a route",
            },
          ],
    ),
  ];
}

/** Fails when the address range of the profile belongs to something else on this machine. */
export async function checkAddressesFree(network: ProfileNetwork): Promise<void> {
  const conflict = conflictIn(await addressesInUse(), network);
  if (conflict === undefined) return;
  throw new Error(
    `The embedded platform needs the addresses ${network.linkCidr}, but ${conflict.link} of this machine uses ${conflict.cidr}. ` +
      `Take that interface or route away, or give an existing cluster instead.`,
  );
}

/** Commands that build the namespace; nothing but one link with one address appears on the host. */
export function networkCommands(network: ProfileNetwork): string[][] {
  const inside = ["-n", network.namespace];
  return [
    ["netns", "add", network.namespace],
    [
      "link",
      "add",
      network.hostLink,
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      network.namespace,
    ],
    ["address", "add", `${network.hostIp}/24`, "dev", network.hostLink],
    ["link", "set", network.hostLink, "up"],
    [...inside, "link", "set", "lo", "up"],
    [...inside, "address", "add", `${network.nodeIp}/24`, "dev", "eth0"],
    [...inside, "address", "add", `${network.dnsIp}/32`, "dev", "eth0"],
    [...inside, "link", "set", "eth0", "up"],
    // No default route: nothing in here needs the internet. Service addresses need one, or packets
    // to them are never rewritten.
    [...inside, "route", "add", network.serviceCidr, "dev", "eth0"],
  ];
}

export async function createNetwork(network: ProfileNetwork): Promise<void> {
  await removeNetwork(network);
  await checkAddressesFree(network);
  for (const command of networkCommands(network)) await execa("ip", command);
  // These settings are of the namespace that the writing process is in. Reverse-path filtering: the
  // network policies know a pod by its address, so it must not send with another's.
  await execa("nsenter", [
    `--net=/run/netns/${network.namespace}`,
    "sh",
    "-c",
    "echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter && echo 1 >/proc/sys/net/ipv4/conf/default/rp_filter",
  ]);
}

export async function networkExists(network: ProfileNetwork): Promise<boolean> {
  const [namespace, link] = await Promise.all([
    execa("ip", ["-n", network.namespace, "link", "show", "eth0"], { reject: false }),
    execa("ip", ["link", "show", network.hostLink], { reject: false }),
  ]);
  return !namespace.failed && !link.failed;
}

/** Processes that are in the namespace now. */
export async function processesInNetwork(network: ProfileNetwork): Promise<number[]> {
  const { stdout, failed } = await execa("ip", ["netns", "pids", network.namespace], {
    reject: false,
  });
  return failed
    ? []
    : stdout
        .split("\n")
        .filter((line) => line !== "")
        .map(Number);
}

export async function removeNetwork(network: ProfileNetwork): Promise<void> {
  // The link first: a namespace disappears some time after its deletion, and takes its end of the
  // link only then.
  await execa("ip", ["link", "delete", network.hostLink], { reject: false });
  await execa("ip", ["netns", "delete", network.namespace], { reject: false });
}
