// Read (refresh and import) and delete.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { FakeApiServer } from "./support/fakeApiServer.ts";
import {
  configMap,
  configMapType,
  deployment,
  deploymentType,
  namespaceType,
  secretType,
} from "./support/objects.ts";
import { InitFailed, Plugin, urn } from "./support/plugin.ts";

const path = "/api/v1/namespaces/team/configmaps/settings";
let server: FakeApiServer;
let plugin: Plugin;
beforeEach(async () => {
  server = await new FakeApiServer().start();
  server.put("/api/v1/namespaces/team", { metadata: { name: "team" } });
  plugin = await Plugin.start({ kubeconfig: server.kubeconfig() });
});
afterEach(async () => {
  await plugin.stop();
  await server.stop();
});

function state(inputs: Properties): Properties {
  return {
    ...inputs,
    __inputs: inputs,
    __initialApiVersion: inputs["apiVersion"]!,
    __fieldManager: "pulumi-kubernetes-00000000",
  };
}

describe("a refresh", () => {
  it("after our own create shows no drift", async () => {
    const { id, properties } = await plugin.create(urn(configMapType), configMap());
    expect(await plugin.read(urn(configMapType), id, properties, configMap())).toEqual({
      id,
      properties,
      inputs: configMap(),
    });
  });

  it("shows what someone else changed, and not what they added", async () => {
    const { id, properties } = await plugin.create(urn(configMapType), configMap());
    server.change(path, {
      data: { a: "changed", b: "added" },
      metadata: { labels: { theirs: "x" } },
    });
    const read = await plugin.read(urn(configMapType), id, properties, configMap());
    expect(read.inputs).toEqual(configMap({ a: "changed" }));
    expect(read.properties).toMatchObject({
      data: { a: "changed", b: "added" },
      __fieldManager: properties["__fieldManager"],
    });
  });

  it("keeps secrets sealed", async () => {
    const inputs = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "team" },
      data: new Secret({ a: "b2xk" }),
    };
    const { id, properties } = await plugin.create(urn(secretType), inputs);
    const read = await plugin.read(urn(secretType), id, properties, inputs);
    expect(read.inputs["data"]).toEqual(new Secret({ a: "b2xk" }));
    expect(read.properties["data"]).toEqual(new Secret({ a: "b2xk" }));
  });

  it("finds that an object is gone", async () => {
    expect(
      await plugin.read(urn(configMapType), "team/settings", state(configMap()), configMap()),
    ).toEqual({
      id: "",
      properties: {},
      inputs: {},
    });
  });

  it("records that a Deployment is not ready", async () => {
    const live = {
      ...deployment(),
      status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1 },
    };
    server.put("/apis/apps/v1/namespaces/team/deployments/server", live);
    const error = await plugin
      .read(urn(deploymentType), "team/server", state(deployment()), deployment())
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InitFailed);
    expect(error).toMatchObject({
      id: "team/server",
      reasons: ['Deployment "server" is not ready: 0 of 1 pods available'],
      inputs: deployment(),
    });
  });
});

describe("an import", () => {
  it("takes everything that a program could have set for inputs, and nothing that only the server sets", async () => {
    const metadata = {
      uid: "u",
      resourceVersion: "1",
      generation: 3,
      creationTimestamp: "t",
      managedFields: [],
      annotations: { "deployment.kubernetes.io/revision": "1", mine: "x" },
    };
    const live = {
      ...deployment(),
      metadata: { ...(deployment()["metadata"] as Properties), ...metadata },
      status: { replicas: 0 },
    };
    server.put("/apis/apps/v1/namespaces/team/deployments/server", live);
    const read = await plugin.read(urn(deploymentType), "team/server");
    expect(read.id).toBe("team/server");
    expect(read.inputs).toEqual(deployment({}, { annotations: { mine: "x" } }));
    expect(read.properties).toMatchObject({
      status: { replicas: 0 },
      __inputs: read.inputs,
      __initialApiVersion: "apps/v1",
    });
    expect(
      await plugin.diff(urn(deploymentType), "team/server", read.properties, read.inputs),
    ).toMatchObject({ changes: false });
  });

  it("reads cluster-scoped objects by name", async () => {
    server.put("/api/v1/namespaces/team", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "team" },
    });
    expect((await plugin.read(urn(namespaceType), "team")).inputs).toEqual({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "team" },
    });
  });
});

describe("delete", () => {
  it("deletes in the foreground and is done when the object is gone", async () => {
    const { id, properties } = await plugin.create(urn(configMapType), configMap());
    await plugin.delete(urn(configMapType), id, properties);
    expect(server.objects.has(path)).toBe(false);
    expect(server.requests("DELETE", path)).toMatchObject([
      { body: { propagationPolicy: "Foreground" } },
    ]);
  });

  it.each([
    ["background", "Background"],
    ["Orphan", "Orphan"],
    ["nonsense", "Foreground"],
  ])("heeds pulumi.com/deletionPropagationPolicy: %s", async (policy, propagationPolicy) => {
    const inputs = configMap(undefined, {
      annotations: { "pulumi.com/deletionPropagationPolicy": policy },
    });
    const { id, properties } = await plugin.create(urn(configMapType), inputs);
    await plugin.delete(urn(configMapType), id, properties);
    expect(server.requests("DELETE", path)[0]!.body).toMatchObject({ propagationPolicy });
  });

  it("of an object that is gone succeeds", async () => {
    await plugin.delete(urn(configMapType), "team/settings", state(configMap()));
    expect(server.requests("DELETE", path)).toHaveLength(1);
  });

  it("waits for finalizers", async () => {
    const { id, properties } = await plugin.create(urn(configMapType), configMap());
    server.change(path, { metadata: { finalizers: ["example.com/tidy"] } });
    let gone = false;
    setTimeout(() => {
      gone = true;
      server.remove(path);
    }, 400);
    await plugin.delete(urn(configMapType), id, properties);
    expect(gone).toBe(true);
  });

  it("that doesn't come to an end names what holds the object", async () => {
    const { id, properties } = await plugin.create(urn(configMapType), configMap());
    server.change(path, { metadata: { finalizers: ["example.com/tidy"] } });
    await expect(plugin.delete(urn(configMapType), id, properties, 1)).rejects.toThrow(
      'ConfigMap "team/settings" is being deleted but still there after 1 s (finalizers: example.com/tidy)',
    );
  });

  it("is done when someone has made a new object of that name", async () => {
    const { id, properties } = await plugin.create(urn(configMapType), configMap());
    server.change(path, { metadata: { finalizers: ["example.com/tidy"] } });
    setTimeout(
      () => server.put(path, { ...configMap(), metadata: { name: "settings", uid: "another" } }),
      200,
    );
    await plugin.delete(urn(configMapType), id, properties, 5);
    expect(server.objects.get(path)).toMatchObject({ metadata: { uid: "another" } });
  });
});
