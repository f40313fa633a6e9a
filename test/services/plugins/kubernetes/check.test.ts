// Check: names, namespaces, secrets, and one form for inputs that mean the same.
import { afterAll, beforeAll, expect, it } from "vitest";
import { Secret, unknown } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { FakeApiServer } from "./support/fakeApiServer.ts";
import {
  configMapType,
  deployment,
  deploymentType,
  namespaceType,
  secretType,
} from "./support/objects.ts";
import { Plugin, urn } from "./support/plugin.ts";

let server: FakeApiServer;
let plugin: Plugin;
beforeAll(async () => {
  server = await new FakeApiServer().start();
  plugin = await Plugin.start({ kubeconfig: server.kubeconfig(), namespace: "fallback" });
});
afterAll(async () => {
  await plugin.stop();
  await server.stop();
});

const metadataOf = (inputs: Properties): Properties => inputs["metadata"] as Properties;

it("gives an automatic name: the same for the same seed, another for another", async () => {
  const config = { metadata: { namespace: "team" }, data: { a: "1" } };
  const names = [];
  for (const seed of ["one", "one", "two"])
    names.push(
      metadataOf(await plugin.check(urn(configMapType, "settings"), config, {}, seed))["name"],
    );
  expect(names[0]).toMatch(/^settings-[0-9a-f]{8}$/);
  expect(names[1]).toBe(names[0]);
  expect(names[2]).not.toBe(names[0]);
});

it("keeps the automatic name of an existing object, and gives none in place of a name that isn't known yet", async () => {
  const old = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "settings-12345678",
      namespace: "team",
      annotations: { "pulumi.com/autonamed": "true" },
    },
  };
  expect(
    metadataOf(await plugin.check(urn(configMapType), { metadata: { namespace: "team" } }, old)),
  ).toEqual(old.metadata);
  expect(
    metadataOf(
      await plugin.check(urn(configMapType), { metadata: { name: unknown, namespace: "team" } }),
    ),
  ).toEqual({
    name: unknown,
    namespace: "team",
  });
});

it("does not adopt a name that the program gave before and gives no more", async () => {
  const old = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "team" },
  };
  expect(
    metadataOf(await plugin.check(urn(configMapType), { metadata: { namespace: "team" } }, old)),
  ).toEqual({ namespace: "team" });
});

it("puts objects without a namespace into the provider's, but for those that have none", async () => {
  expect(metadataOf(await plugin.check(urn(configMapType), { metadata: { name: "a" } }))).toEqual({
    name: "a",
    namespace: "fallback",
  });
  expect(metadataOf(await plugin.check(urn(namespaceType), { metadata: { name: "a" } }))).toEqual({
    name: "a",
  });
});

it("merges stringData into data and keeps both secret, whatever the program marked", async () => {
  const inputs = await plugin.check(urn(secretType), {
    metadata: { name: "s" },
    data: { a: "b2xk" },
    stringData: { b: "new" },
  });
  expect(inputs["data"]).toEqual(new Secret({ a: "b2xk", b: "bmV3" }));
  expect(inputs).not.toHaveProperty("stringData");
});

it("leaves stringData that isn't known yet as it is, but secret", async () => {
  const inputs = await plugin.check(urn(secretType), {
    metadata: { name: "s" },
    stringData: new Secret({ b: unknown }),
  });
  expect(inputs["stringData"]).toEqual(new Secret({ b: unknown }));
});

it("keeps secrets in other kinds: a value alone, but a list with one in it as a whole", async () => {
  const containers = [{ name: "main", image: "i", env: [{ name: "P", value: new Secret("p") }] }];
  const template = { metadata: { labels: { app: new Secret("x") } }, spec: { containers } };
  const inputs = await plugin.check(urn(deploymentType), deployment({ template }));
  const spec = (inputs["spec"] as Properties)["template"] as Properties;
  expect(spec["metadata"]).toEqual({ labels: { app: new Secret("x") } });
  expect((spec["spec"] as Properties)["containers"]).toEqual(
    new Secret([{ name: "main", image: "i", env: [{ name: "P", value: "p" }] }]),
  );
});

it("brings quantities into the API server's form and drops nulls", async () => {
  const resources = { limits: { memory: "1024Mi", cpu: "1000m" }, requests: { cpu: 0.5 } };
  const containers = [{ name: "main", image: "i", resources, workingDir: null }];
  const template = {
    spec: { containers, volumes: [{ name: "v", emptyDir: { sizeLimit: "2048Ki" } }] },
  };
  const inputs = await plugin.check(urn(deploymentType), deployment({ template }));
  expect((inputs["spec"] as Properties)["template"]).toEqual({
    spec: {
      containers: [
        {
          name: "main",
          image: "i",
          resources: { limits: { memory: "1Gi", cpu: "1" }, requests: { cpu: "500m" } },
        },
      ],
      volumes: [{ name: "v", emptyDir: { sizeLimit: "2Mi" } }],
    },
  });
});

it.each([
  [
    { apiVersion: "apps/v1beta1" },
    /thing: apiVersion is "apps\/v1beta1", but a kubernetes:apps\/v1:Deployment has "apps\/v1"/,
  ],
  [
    { metadata: { annotations: { "pulumi.com/waitFor": "condition=Ready" } } },
    /thing: the annotation pulumi.com\/waitFor is only understood/,
  ],
  [{ metadata: { generateName: "x-" } }, /thing: metadata.generateName is not supported/],
])("refuses %j", async (wrong, message) => {
  await expect(plugin.check(urn(deploymentType), { ...deployment(), ...wrong })).rejects.toThrow(
    message,
  );
});

it("names a type that it doesn't know, and those that it does", async () => {
  await expect(plugin.check(urn("kubernetes:apps/v1:StatefulSet"), {})).rejects.toThrow(
    /kubernetes:apps\/v1:StatefulSet is not supported.*kubernetes:apps\/v1:Deployment/s,
  );
});
