// Create and update: what is sent to the API server, what goes to the state, what a preview does
// without touching anything.
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Secret, unknown } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { FakeApiServer } from "./support/fakeApiServer.ts";
import type { Obj } from "./support/fakeApiServer.ts";
import { configMap, configMapType, secretType } from "./support/objects.ts";
import { Plugin, urn } from "./support/plugin.ts";

const collection = "/api/v1/namespaces/team/configmaps";
const path = `${collection}/settings`;
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

describe("create", () => {
  it("posts the object as the manager that the official plugin creates with, and keeps live object and inputs", async () => {
    const { id, properties } = await plugin.create(urn(configMapType), configMap());
    expect(id).toBe("team/settings");
    const [post] = server.requests("POST");
    expect(post).toMatchObject({
      path: collection,
      query: { fieldManager: "pulumi-kubernetes", fieldValidation: "Warn" },
      body: configMap(),
    });
    expect(post!.query).not.toHaveProperty("dryRun");
    expect(properties).toEqual({
      ...(server.objects.get(path) as Properties),
      __inputs: configMap(),
      __initialApiVersion: "v1",
      __fieldManager: expect.stringMatching(/^pulumi-kubernetes-[0-9a-f]{8}$/) as unknown,
    });
  });

  it("sends secrets open to the API server and sealed to the state", async () => {
    const inputs = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "team" },
      data: new Secret({ a: "b2xk" }),
    };
    const { properties } = await plugin.create(urn(secretType), inputs);
    expect(server.objects.get("/api/v1/namespaces/team/secrets/s")).toMatchObject({
      data: { a: "b2xk" },
    });
    expect(properties["data"]).toEqual(new Secret({ a: "b2xk" }));
    expect((properties["__inputs"] as Properties)["data"]).toEqual(new Secret({ a: "b2xk" }));
  });

  it("waits for a namespace that is just being made", async () => {
    server.objects.clear();
    const created = plugin.create(urn(configMapType), configMap());
    setTimeout(() => server.put("/api/v1/namespaces/team", { metadata: { name: "team" } }), 400);
    expect((await created).id).toBe("team/settings");
  });

  it("refuses to take over an object that exists, and says what to do", async () => {
    server.put(path, configMap({ other: "owner" }));
    await expect(plugin.create(urn(configMapType), configMap())).rejects.toThrow(
      /ConfigMap "team\/settings" was not created by the API server: configmaps "settings" already exists\. .*upsertExistingObjects/,
    );
    expect(server.objects.get(path)).toMatchObject({ data: { other: "owner" } });
  });

  it("takes it over when the provider may", async () => {
    server.put(path, configMap({ other: "kept" }));
    const upserting = await Plugin.start({
      kubeconfig: server.kubeconfig(),
      upsertExistingObjects: "true",
    });
    const { id } = await upserting.create(urn(configMapType), configMap());
    await upserting.stop();
    expect(id).toBe("team/settings");
    const [apply] = server.requests("PATCH", path);
    expect(apply).toMatchObject({
      contentType: "application/apply-patch+yaml",
      query: { force: "false" },
      body: configMap(),
    });
    expect(server.objects.get(path)).toMatchObject({ data: { a: "1", other: "kept" } });
  });

  it("tries again when the server is busy", async () => {
    let times = 0;
    server.intercept = ({ method }) =>
      method === "POST" && ++times === 1 ? { code: 429, body: { message: "busy" } } : undefined;
    expect((await plugin.create(urn(configMapType), configMap())).id).toBe("team/settings");
    expect(times).toBe(2);
  });

  it("does not post twice when the first may have been done", async () => {
    server.intercept = ({ method }) =>
      method === "POST" ? { code: 500, body: { message: "etcd: request timed out" } } : undefined;
    await expect(plugin.create(urn(configMapType), configMap())).rejects.toThrow(
      "etcd: request timed out",
    );
    expect(server.requests("POST")).toHaveLength(1);
  });

  it("keeps secrets out of the API server's complaints", async () => {
    server.intercept = ({ method }) =>
      method === "POST"
        ? {
            code: 422,
            body: { message: `data[a]: Invalid value: "hunter22" (base64 aHVudGVyMjI=): no` },
          }
        : undefined;
    const failed = plugin.create(urn(secretType), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "team" },
      data: new Secret({ a: "aHVudGVyMjI=" }),
    });
    await expect(failed).rejects.toThrow(
      `data[a]: Invalid value: "[secret]" (base64 [secret]): no`,
    );
  });
});

describe("the preview of a create", () => {
  it("is a dry run that leaves nothing behind and shows no status", async () => {
    server.control = (_path, object) => ({ ...object, status: { phase: "x" } });
    const { id, properties } = await plugin.create(urn(configMapType), configMap(), {
      preview: true,
    });
    expect(id).toBe("");
    expect(server.requests("POST")[0]!.query["dryRun"]).toBe("All");
    expect(server.objects.has(path)).toBe(false);
    expect(properties).toMatchObject({
      metadata: { creationTimestamp: "2026-01-01T00:00:00Z" },
      __inputs: configMap(),
    });
    expect(properties).not.toHaveProperty("status");
  });

  it("sends nothing while a value isn't known yet", async () => {
    const inputs = configMap({ a: new Secret(unknown) });
    const before = server.seen.length;
    expect((await plugin.create(urn(configMapType), inputs, { preview: true })).properties).toEqual(
      inputs,
    );
    expect(server.seen.slice(before)).toEqual([]);
  });

  it.each([
    ["its namespace doesn't exist yet", () => server.objects.clear()],
    ["the object that it replaces is still there", () => void server.put(path, configMap())],
    [
      "the user may not create",
      () =>
        (server.intercept = ({ method }) =>
          method === "POST"
            ? { code: 403, body: { reason: "Forbidden", message: "no" } }
            : undefined),
    ],
  ])("shows the inputs when %s", async (_what, arrange) => {
    arrange();
    expect(
      (await plugin.create(urn(configMapType), configMap(), { preview: true })).properties,
    ).toEqual(configMap());
  });

  it("fails when the API server will not have the object", async () => {
    server.intercept = ({ method }) =>
      method === "POST" ? { code: 422, body: { message: "is invalid: spec" } } : undefined;
    await expect(plugin.create(urn(configMapType), configMap(), { preview: true })).rejects.toThrow(
      /ConfigMap "team\/settings".*is invalid: spec/,
    );
  });
});

it("the preview of an upsert that replaces an object shows the new one, immutable fields or not", async () => {
  server.put(path, configMap());
  server.intercept = (request) =>
    request.path === path && request.method === "PATCH"
      ? { code: 422, body: { message: "data: Forbidden: field is immutable" } }
      : undefined;
  const upserting = await Plugin.start({
    kubeconfig: server.kubeconfig(),
    upsertExistingObjects: "true",
  });
  const { properties } = await upserting.create(urn(configMapType), configMap({ a: "new" }), {
    preview: true,
  });
  await upserting.stop();
  expect(properties).toMatchObject(configMap({ a: "new" }));
  expect(
    server
      .requests("PATCH")
      .map(({ path: asked, query }) => [asked.replace(/[0-9a-f]{8}$/, "<hex>"), query["dryRun"]]),
  ).toEqual([
    [path, "All"],
    [`${path}-<hex>`, "All"],
  ]);
  expect([...server.objects.keys()]).toEqual(["/api/v1/namespaces/team", path]);
});

describe("update", () => {
  async function created(): Promise<Properties> {
    const { properties } = await plugin.create(urn(configMapType), configMap());
    server.seen.length = 0;
    return properties;
  }

  it("hands the creator's fields to the resource's own manager, then applies", async () => {
    const old = await created();
    const manager = old["__fieldManager"] as string;
    const properties = await plugin.update(
      urn(configMapType),
      "team/settings",
      old,
      configMap({ a: "2" }),
    );
    const [handOver, apply] = server.requests("PATCH", path);
    expect(handOver!.contentType).toBe("application/json-patch+json");
    expect(handOver!.body).toMatchObject([
      {
        op: "replace",
        path: "/metadata/managedFields",
        value: [{ manager, operation: "Apply", fieldsV1: { "f:data": { "f:a": {} } } }],
      },
      { op: "replace", path: "/metadata/resourceVersion" },
    ]);
    expect(apply).toMatchObject({
      contentType: "application/apply-patch+yaml",
      query: { fieldManager: manager, force: "false" },
      body: configMap({ a: "2" }),
    });
    expect(properties).toMatchObject({
      data: { a: "2" },
      __inputs: configMap({ a: "2" }),
      __fieldManager: manager,
      __initialApiVersion: "v1",
    });
  });

  it("hands over only once", async () => {
    const old = await plugin.update(
      urn(configMapType),
      "team/settings",
      await created(),
      configMap({ a: "2" }),
    );
    server.seen.length = 0;
    await plugin.update(urn(configMapType), "team/settings", old, configMap({ a: "3" }));
    expect(server.requests("PATCH", path).map(({ contentType }) => contentType)).toEqual([
      "application/apply-patch+yaml",
    ]);
  });

  it("leaves the fields of other managers alone", async () => {
    const old = await created();
    const entries = server.objects.get(path)!["metadata"].managedFields as Obj[];
    server.change(path, {
      metadata: {
        managedFields: [
          ...entries,
          {
            manager: "kube-controller-manager",
            operation: "Update",
            subresource: "status",
            fieldsV1: { "f:status": {} },
          },
        ],
      },
    });
    await plugin.update(urn(configMapType), "team/settings", old, configMap({ a: "2" }));
    const [handOver] = server.requests("PATCH", path);
    expect(
      (handOver!.body as unknown as Obj[])[0]!["value"].map((entry: Obj) => entry["manager"]),
    ).toEqual(["kube-controller-manager", old["__fieldManager"]]);
  });

  it("sends an ignored field as the cluster has it", async () => {
    const old = await created();
    server.change(path, { data: { a: "scaled" } });
    await plugin.update(urn(configMapType), "team/settings", old, configMap({ a: "2", b: "3" }), {
      ignoreChanges: ["data.a"],
    });
    expect(server.requests("PATCH", path).at(-1)!.body!["data"]).toEqual({ a: "scaled", b: "3" });
  });

  it("in a preview is a dry run that forces, since nothing was handed over, and changes nothing", async () => {
    const old = await created();
    const properties = await plugin.update(
      urn(configMapType),
      "team/settings",
      old,
      configMap({ a: "2" }),
      { preview: true },
    );
    expect(server.requests("PATCH", path)).toMatchObject([
      { query: { dryRun: "All", force: "true" } },
    ]);
    expect(server.objects.get(path)).toMatchObject({ data: { a: "1" } });
    expect(properties).toMatchObject({ data: { a: "2" } });
  });

  it("in a preview sends nothing while a value isn't known yet", async () => {
    const old = await created();
    const news = configMap({ a: unknown });
    expect(
      await plugin.update(urn(configMapType), "team/settings", old, news, { preview: true }),
    ).toEqual(news);
    expect(server.seen).toEqual([]);
  });

  it("says who else has set a field, and how to take it over", async () => {
    const old = await created();
    server.intercept = ({ contentType }) =>
      contentType === "application/apply-patch+yaml"
        ? { code: 409, body: { reason: "Conflict", message: `conflict with "helm": .data.a` } }
        : undefined;
    await expect(
      plugin.update(urn(configMapType), "team/settings", old, configMap({ a: "2" })),
    ).rejects.toThrow(/conflict with "helm": \.data\.a.*patchForce/);
  });

  it("takes it over when told to", async () => {
    const annotations = { "pulumi.com/patchForce": "true" };
    await plugin.update(
      urn(configMapType),
      "team/settings",
      await created(),
      configMap({ a: "2" }, { annotations }),
    );
    expect(server.requests("PATCH", path).at(-1)!.query["force"]).toBe("true");
  });

  it("takes it over everywhere when the provider is told to, in previews as well", async () => {
    const old = await created();
    const forcing = await Plugin.start({
      kubeconfig: server.kubeconfig(),
      enablePatchForce: "true",
    });
    onTestFinished(() => forcing.stop());
    for (const preview of [true, false]) {
      await forcing.update(urn(configMapType), "team/settings", old, configMap({ a: "2" }), {
        preview,
      });
      expect(server.requests("PATCH", path).at(-1)!.query["force"]).toBe("true");
    }
  });

  it("fails for an object that is gone", async () => {
    const old = await created();
    server.remove(path);
    await expect(
      plugin.update(urn(configMapType), "team/settings", old, configMap({ a: "2" })),
    ).rejects.toThrow(/update of ConfigMap "team\/settings" failed.*not found/);
  });
});
