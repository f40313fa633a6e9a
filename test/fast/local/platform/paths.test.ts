import { expect, test } from "vitest";
import { cacheFolder, profileNetwork, profilePaths, profiles } from "../../../../local/paths.ts";
import { overlaps } from "../../../../local/platform/network.ts";

test("the cache follows XDG_CACHE_HOME, else HOME", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/x/cache", HOME: "/home/a" })).toBe(
    "/x/cache/mlflow-instances",
  );
  expect(cacheFolder({ HOME: "/home/a" })).toBe("/home/a/.cache/mlflow-instances");
});

test("a relative or empty XDG_CACHE_HOME is ignored", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "cache", HOME: "/home/a" })).toBe(
    "/home/a/.cache/mlflow-instances",
  );
  expect(cacheFolder({ XDG_CACHE_HOME: "", HOME: "/home/a" })).toBe(
    "/home/a/.cache/mlflow-instances",
  );
});

test("profiles share no folder, address or name", () => {
  const networks = profiles.map(profileNetwork);
  const cidrs = networks.flatMap(({ linkCidr, podCidr, serviceCidr }) => [
    linkCidr,
    podCidr,
    serviceCidr,
  ]);
  for (const [index, one] of cidrs.entries())
    for (const other of cidrs.slice(index + 1))
      expect(overlaps(one, other), `${one} ${other}`).toBe(false);
  for (const key of ["namespace", "hostLink", "nodeIp", "domain", "nodeName"] as const) {
    expect(new Set(networks.map((network) => network[key])).size).toBe(profiles.length);
  }
  expect(new Set(profiles.flatMap((profile) => Object.values(profilePaths(profile)))).size).toBe(
    profiles.length * Object.keys(profilePaths("local")).length,
  );
});

test("every address is inside its range, and a link's name fits into the kernel's 15 characters", () => {
  for (const network of profiles.map(profileNetwork)) {
    for (const ip of [network.hostIp, network.nodeIp, network.dnsIp])
      expect(overlaps(`${ip}/32`, network.linkCidr)).toBe(true);
    for (const ip of [network.apiServiceIp, network.dnsServiceIp])
      expect(overlaps(`${ip}/32`, network.serviceCidr)).toBe(true);
    expect(overlaps(`${network.podGatewayIp}/32`, network.podCidr)).toBe(true);
    expect(network.hostLink.length).toBeLessThanOrEqual(15);
  }
});
