// Diff: which change replaces which kind, and what is no change at all.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret, unknown } from "../../../../local/plugins/shared/values.ts";
import type { Properties, Value } from "../../../../local/plugins/shared/values.ts";
import { FakeApiServer } from "./support/fakeApiServer.ts";
import { configMap, configMapType, deployment, deploymentType } from "./support/objects.ts";
import { Plugin, urn } from "./support/plugin.ts";

let server: FakeApiServer;
let plugin: Plugin;
beforeAll(async () => {
  server = await new FakeApiServer().start();
  plugin = await Plugin.start({ kubeconfig: server.kubeconfig() });
});
afterAll(async () => {
  await plugin.stop();
  await server.stop();
});

function state(inputs: Properties, live: Properties = inputs): Properties {
  return {
    ...live,
    __inputs: inputs,
    __initialApiVersion: inputs["apiVersion"]!,
    __fieldManager: "pulumi-kubernetes-00000000",
  };
}

async function diff(
  type: string,
  old: Properties,
  news: Properties,
  ignoreChanges?: string[],
  live?: Properties,
): ReturnType<Plugin["diff"]> {
  return await plugin.diff(urn(type), "team/thing", state(old, live), news, ignoreChanges);
}

function object(apiVersion: string, kind: string, fields: Properties): Properties {
  return { apiVersion, kind, metadata: { name: "thing", namespace: "team" }, ...fields };
}

const networking = "networking.k8s.io/v1";
const rbac = "rbac.authorization.k8s.io/v1";
const template = (image: string): Properties => ({ spec: { containers: [{ name: "c", image }] } });

describe("a change replaces", () => {
  it.each<[string, string, string, Properties, Properties, string[]]>([
    [
      "the data of a Secret",
      "v1",
      "Secret",
      { data: { a: "YQ==" } },
      { data: { a: "Yg==" } },
      ["data.a"],
    ],
    [
      "the type of a Secret",
      "v1",
      "Secret",
      { type: "Opaque" },
      { type: "kubernetes.io/tls" },
      ["type"],
    ],
    [
      "a new key of a ConfigMap",
      "v1",
      "ConfigMap",
      { data: { a: "1" } },
      { data: { a: "1", b: "2" } },
      ["data.b"],
    ],
    [
      "the binary data of a ConfigMap",
      "v1",
      "ConfigMap",
      { binaryData: { a: "YQ==" } },
      { binaryData: { a: "Yg==" } },
      ["binaryData.a"],
    ],
    [
      "the address of a Service",
      "v1",
      "Service",
      { spec: { clusterIP: "10.0.0.1" } },
      { spec: { clusterIP: "10.0.0.2" } },
      ["spec.clusterIP"],
    ],
    [
      "the class of a claim",
      "v1",
      "PersistentVolumeClaim",
      { spec: { storageClassName: "a" } },
      { spec: { storageClassName: "b" } },
      ["spec.storageClassName"],
    ],
    [
      "the scopes of a quota",
      "v1",
      "ResourceQuota",
      { spec: { scopes: ["BestEffort"] } },
      { spec: { scopes: ["Terminating"] } },
      ["spec.scopes[0]"],
    ],
    [
      "the selector of a Deployment",
      "apps/v1",
      "Deployment",
      { spec: { selector: { matchLabels: { a: "1" } } } },
      { spec: { selector: { matchLabels: { a: "2" } } } },
      ["spec.selector.matchLabels.a"],
    ],
    [
      "the pods of a Job",
      "batch/v1",
      "Job",
      { spec: { template: template("a") } },
      { spec: { template: template("b") } },
      ["spec.template.spec.containers[0].image"],
    ],
    [
      "the role of a binding",
      rbac,
      "RoleBinding",
      { roleRef: { name: "a" } },
      { roleRef: { name: "b" } },
      ["roleRef.name"],
    ],
  ])("%s", async (_what, apiVersion, kind, before, after, replaces) => {
    const type = `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`;
    const difference = await diff(
      type,
      object(apiVersion, kind, before),
      object(apiVersion, kind, after),
    );
    expect(difference.replaces).toEqual(replaces);
    // It has a name of its own, so the old object must go before the new one comes.
    expect(difference.deleteBeforeReplace).toBe(true);
  });

  it("every kind, of name or namespace, with the old object kept until the new one is there", async () => {
    const renamed = await diff(configMapType, configMap(), configMap(undefined, { name: "other" }));
    expect(renamed).toMatchObject({ replaces: ["metadata.name"], deleteBeforeReplace: false });
    const moved = await diff(
      configMapType,
      configMap(),
      configMap(undefined, { namespace: "other" }),
    );
    expect(moved).toMatchObject({ replaces: ["metadata.namespace"], deleteBeforeReplace: false });
  });

  it("an object with an automatic name without deleting it first", async () => {
    const annotations = { "pulumi.com/autonamed": "true" };
    const difference = await diff(
      configMapType,
      configMap({ a: "1" }, { annotations }),
      configMap({ a: "2" }, { annotations }),
    );
    expect(difference).toMatchObject({ replaces: ["data.a"], deleteBeforeReplace: false });
  });

  it("the whole parent when it is the parent that comes", async () => {
    const difference = await diff(
      deploymentType,
      object("apps/v1", "Deployment", {}),
      object("apps/v1", "Deployment", { spec: { selector: {} } }),
    );
    expect(difference.detailedDiff).toEqual({ spec: { kind: "add-replace", inputDiff: false } });
  });
});

describe("a change updates in place", () => {
  it.each<[string, string, string, Properties, Properties, Record<string, string>]>([
    [
      "the size of a claim",
      "v1",
      "PersistentVolumeClaim",
      { spec: { resources: { requests: { storage: "1Gi" } } } },
      { spec: { resources: { requests: { storage: "2Gi" } } } },
      { "spec.resources.requests.storage": "update" },
    ],
    [
      "the rules of a Role",
      rbac,
      "Role",
      { rules: [{ verbs: ["get"] }] },
      { rules: [{ verbs: ["get", "list"] }] },
      { "rules[0].verbs[1]": "add" },
    ],
    [
      "a rule of a NetworkPolicy",
      networking,
      "NetworkPolicy",
      { spec: { ingress: [{ from: [] }, { from: [] }] } },
      { spec: { ingress: [{ from: [] }] } },
      { "spec.ingress[1]": "delete" },
    ],
    [
      "the schedule of a CronJob",
      "batch/v1",
      "CronJob",
      { spec: { schedule: "a" } },
      { spec: { schedule: "b" } },
      { "spec.schedule": "update" },
    ],
    [
      "the budget of pods",
      "policy/v1",
      "PodDisruptionBudget",
      { spec: { minAvailable: 1 } },
      { spec: { minAvailable: "50%" } },
      { "spec.minAvailable": "update" },
    ],
    [
      "a label with dots",
      "v1",
      "LimitRange",
      {},
      { metadata: { name: "thing", namespace: "team", labels: { "a.b/c": "d" } } },
      { "metadata.labels": "add" },
    ],
    [
      "an annotation",
      "v1",
      "ServiceAccount",
      { metadata: { name: "thing", namespace: "team", annotations: { "a.b/c": "1" } } },
      { metadata: { name: "thing", namespace: "team", annotations: { "a.b/c": "2" } } },
      { 'metadata.annotations["a.b/c"]': "update" },
    ],
    [
      "the pods of a Deployment, to what isn't known yet",
      "apps/v1",
      "Deployment",
      { spec: { replicas: 1 } },
      { spec: { replicas: unknown } },
      { "spec.replicas": "update" },
    ],
  ])("%s", async (_what, apiVersion, kind, before, after, paths) => {
    const type = `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`;
    const difference = await diff(
      type,
      object(apiVersion, kind, before),
      object(apiVersion, kind, after),
    );
    expect(
      Object.fromEntries(
        Object.entries(difference.detailedDiff ?? {}).map(([path, { kind: change }]) => [
          path,
          change,
        ]),
      ),
    ).toEqual(paths);
    expect(difference).toMatchObject({ changes: true, replaces: [], deleteBeforeReplace: false });
  });

  it("of a ConfigMap or Secret that the provider may mutate, unless it is immutable", async () => {
    const mutable = await Plugin.start({
      kubeconfig: server.kubeconfig(),
      enableConfigMapMutable: "true",
      enableSecretMutable: "true",
    });
    const change = async (extra: Properties): Promise<string[]> =>
      (
        await mutable.diff(
          urn(configMapType),
          "team/settings",
          state({ ...configMap({ a: "1" }), ...extra }),
          {
            ...configMap({ a: "2" }),
            ...extra,
          },
        )
      ).replaces;
    expect(await change({})).toEqual([]);
    expect(await change({ immutable: true })).toEqual(["data.a"]);
    await mutable.stop();
  });
});

describe("no change is", () => {
  const unchanged = { changes: false, replaces: [], deleteBeforeReplace: false, detailedDiff: {} };

  it("what the cluster filled in", async () => {
    const live = {
      ...deployment({ strategy: { type: "RollingUpdate" }, progressDeadlineSeconds: 600 }),
      status: { replicas: 1 },
    };
    expect(await diff(deploymentType, deployment(), deployment(), [], live)).toEqual(unchanged);
  });

  it("a zero value that the API server leaves out", async () => {
    const zeros: Value = [
      { name: "main", image: "server:1", stdin: false, args: [], env: [{ name: "E", value: "" }] },
    ];
    const inputs = deployment({
      template: { metadata: { labels: {} }, spec: { hostNetwork: false, containers: zeros } },
    });
    const live = deployment({
      template: {
        metadata: {},
        spec: { containers: [{ name: "main", image: "server:1", env: [{ name: "E" }] }] },
      },
    });
    expect(await diff(deploymentType, inputs, inputs, [], live)).toEqual(unchanged);
  });

  it("a quantity in another form", async () => {
    const of = (memory: string): Properties =>
      deployment({
        template: {
          spec: { containers: [{ name: "main", image: "i", resources: { limits: { memory } } }] },
        },
      });
    expect(await diff(deploymentType, of("1Gi"), of("1024Mi"))).toEqual(unchanged);
  });

  it("stringData that is in data already, and a secret envelope", async () => {
    const old = object("v1", "Secret", { data: new Secret({ a: "bmV3" }) });
    expect(
      await diff(
        "kubernetes:core/v1:Secret",
        old,
        object("v1", "Secret", { stringData: { a: new Secret("new") } }),
      ),
    ).toEqual(unchanged);
  });

  it("the namespace default in so many words", async () => {
    const { namespace: _namespace, ...metadata } = configMap()["metadata"] as Properties;
    const implicit = { ...configMap(), metadata };
    expect(
      await diff(configMapType, implicit, {
        ...configMap(),
        metadata: { ...metadata, namespace: "default" },
      }),
    ).toEqual(unchanged);
  });

  it("what is ignored, by path, by parent and by wildcard", async () => {
    const before = deployment();
    const after = deployment({
      replicas: 3,
      template: {
        metadata: { labels: { app: "server" } },
        spec: { containers: [{ name: "main", image: "server:2" }] },
      },
    });
    expect(
      await diff(deploymentType, before, after, [
        "spec.replicas",
        "spec.template.spec.containers[*].image",
      ]),
    ).toEqual(unchanged);
    expect(await diff(deploymentType, before, after, ["spec"])).toEqual(unchanged);
    expect(
      Object.keys(
        (await diff(deploymentType, before, after, ["spec.replicas"])).detailedDiff ?? {},
      ),
    ).toEqual(["spec.template.spec.containers[0].image"]);
  });
});

it("drift of the live object is a change, though the inputs are the same", async () => {
  const live = deployment({ replicas: 7 });
  expect((await diff(deploymentType, deployment(), deployment(), [], live)).detailedDiff).toEqual({
    "spec.replicas": { kind: "update", inputDiff: false },
  });
});

it("a removed field is a difference of the inputs", async () => {
  expect(
    (
      await diff(
        configMapType,
        configMap({ a: "1" }, { labels: { x: "1" } }),
        configMap({ a: "1" }),
      )
    ).detailedDiff,
  ).toEqual({
    "metadata.labels": { kind: "delete", inputDiff: true },
  });
});
