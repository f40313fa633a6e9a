import { BlockList, isIPv4 } from "node:net";

/**
 * The block in its canonical form, or nothing when it is no IPv4 block: this network has no other
 * addresses, so nothing can match it.
 */
export function canonicalCidr(cidr: string): string | undefined {
  const [address = "", bits = "32"] = cidr.split("/");
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first =
    Math.floor(address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${Number(bits)}`;
}

/** Whether an IPv4 address lies in one of the canonical blocks. */
export function inCidrs(address: string, ...cidrs: readonly string[]): boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [first = "", bits] = cidr.split("/");
    list.addSubnet(first, Number(bits));
  }
  return list.check(address);
}
