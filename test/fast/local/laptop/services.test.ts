import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import {
  ingressClassName,
  namespace,
  objectStore,
  postgresql,
} from "../../../../local/laptop/names.ts";
import { serviceCidrs, serviceManifests } from "../../../../local/laptop/services.ts";
import { objectStoreRegion, objectStoreRoot } from "../../../../local/platform/values.ts";
import { versions } from "../../../../local/toolchain/pins.ts";

const folder = join(import.meta.dirname, "../../../../local/laptop");
const text = readFileSync(join(folder, "services.yaml"), "utf8");

interface Service {
  readonly spec: {
    readonly ports: {
      readonly port: number;
      readonly nodePort: number;
      readonly targetPort: number | string;
    }[];
  };
}

test("kind.yaml, services.yaml and the stack file name the same places", async () => {
  const manifests = await serviceManifests();
  const portsOf = (name: string) =>
    (manifests.find(({ kind, metadata }) => kind === "Service" && metadata.name === name) as
      (Service & object) | undefined)!.spec.ports.map(({ port, nodePort }) => [port, nodePort]);
  expect(portsOf("postgresql")).toEqual([[postgresql.port, postgresql.port]]);
  expect(portsOf("object-store")).toEqual([[objectStore.port, objectStore.port]]);
  const kind = parse(readFileSync(join(folder, "kind.yaml"), "utf8")) as {
    nodes: { extraPortMappings: { hostPort: number; containerPort: number }[] }[];
  };
  expect(
    kind.nodes[0]!.extraPortMappings.map(({ hostPort, containerPort }) => [
      hostPort,
      containerPort,
    ]),
  ).toEqual([
    [443, portsOf("traefik")[0]![1]],
    [postgresql.port, postgresql.port],
    [objectStore.port, objectStore.port],
  ]);
  for (const { metadata } of manifests.slice(1))
    expect((metadata as { namespace?: string }).namespace ?? namespace).toBe(namespace);
  for (const value of [
    `--providers.kubernetesIngress.ingressClass=${ingressClassName}\n`,
    `max_connections=${postgresql.maxConnections} `,
    `--region=${objectStoreRegion} `,
    `value: ${objectStoreRoot} `,
    `image: versity/versitygw:v${versions.versitygw}\n`,
  ])
    expect(text).toContain(value);
});

test("the services' addresses are those of pods and of services, or an error says what to do", async () => {
  const answers = (pods: string) => async (args: readonly string[]) =>
    args[1] === "nodes" ? pods : "10.96.0.7 10.96.0.9";
  expect(await serviceCidrs(answers("10.244.0.0/24 10.244.1.0/24"))).toEqual([
    "10.244.0.0/24",
    "10.244.1.0/24",
    "10.96.0.7/32",
    "10.96.0.9/32",
  ]);
  await expect(serviceCidrs(answers(""))).rejects.toThrow("docs/existing-platform.md");
});
