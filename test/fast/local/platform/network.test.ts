import { expect, test } from "vitest";
import { profileNetwork } from "../../../../local/paths.ts";
import { conflictIn, networkCommands, overlaps } from "../../../../local/platform/network.ts";

const network = profileNetwork("local");

test("ranges overlap when one holds an address of the other", () => {
  expect(overlaps("10.213.0.0/24", "10.213.0.77/25")).toBe(true);
  expect(overlaps("10.0.0.0/8", "10.213.0.0/24")).toBe(true);
  expect(overlaps("10.213.0.0/24", "10.213.1.0/24")).toBe(false);
  expect(overlaps("255.255.255.255/32", "255.255.255.0/24")).toBe(true);
});

test("an interface or route of something else in the range is a conflict", () => {
  expect(conflictIn([{ cidr: "10.213.0.9/24", link: "vpn0" }], network)?.link).toBe("vpn0");
  expect(conflictIn([{ cidr: "10.0.0.0/8", link: "vpn0" }], network)?.cidr).toBe("10.0.0.0/8");
});

test("the platform's own link, other ranges and the default route are none", () => {
  const uses = [
    { cidr: "10.213.0.1/24", link: network.hostLink },
    { cidr: "192.168.1.7/24", link: "eth0" },
    { cidr: "10.213.1.1/24", link: "mlflow-test" },
    { cidr: "0.0.0.0/0", link: "eth0" },
  ];
  expect(conflictIn(uses, network)).toBeUndefined();
});

test("the host gets one link with one address and no route; the namespace has no way out", () => {
  const onHost = networkCommands(network).filter(([first]) => first !== "-n");
  expect(onHost.map((command) => command.join(" "))).toEqual([
    "netns add mlflow-local",
    "link add mlflow-local type veth peer name eth0 netns mlflow-local",
    "address add 10.213.0.1/24 dev mlflow-local",
    "link set mlflow-local up",
  ]);
  expect(networkCommands(network).some((command) => command.includes("default"))).toBe(false);
});
