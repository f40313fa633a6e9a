// The official plugin's state and previews (recorded from 4.34 on a real cluster), replayed through
// the stand-in's protocol: same differences, same reasons to replace. What is rightly different is
// listed in the test that looks for it.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret, unknown } from "../../../../local/plugins/shared/values.ts";
import type { Properties, Value } from "../../../../local/plugins/shared/values.ts";
import { FakeApiServer } from "./support/fakeApiServer.ts";
import type { Obj } from "./support/fakeApiServer.ts";
import { Plugin } from "./support/plugin.ts";

function recorded(name: string): Obj {
  return JSON.parse(
    readFileSync(new URL(`../../../fixtures/recorded/${name}.json`, import.meta.url), "utf8"),
  ) as Obj;
}

const isSealed = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "ciphertext" in value;

// The recorded ciphertexts are of a passphrase that is thrown away; any secret text does for a
// comparison of old with new.
function opened(value: Value): Value {
  if (isSealed(value) || value === "[secret]") return new Secret({ uri: "b2xk" });
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value as Properties).map(([k, v]) => [k, opened(v)]));
  return value;
}

const resources = (recorded("state").deployment.resources as Obj[]).filter((resource) =>
  (resource["type"] as string).startsWith("kubernetes:"),
);
const byUrn = new Map(resources.map((resource) => [resource["urn"] as string, resource]));

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

describe("the official plugin's state", () => {
  it("has the kinds of the recorded program", () => {
    expect(
      resources.map((resource) => (resource["type"] as string).split(":").at(-1)).sort(),
    ).toEqual([
      "ConfigMap",
      "CronJob",
      "Deployment",
      "Ingress",
      "Namespace",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "ResourceQuota",
      "Secret",
      "Service",
      "ServiceAccount",
    ]);
  });

  it.each(
    resources.map((resource) => [resource["urn"].split("::").at(-1) as string, resource] as const),
  )("shows no change for %s with its own inputs", async (_name, { urn, id, inputs, outputs }) => {
    const difference = await plugin.diff(
      urn,
      id,
      opened(outputs) as Properties,
      opened(inputs) as Properties,
    );
    expect(difference).toEqual({
      changes: false,
      replaces: [],
      deleteBeforeReplace: false,
      detailedDiff: {},
    });
  });

  it.each(
    resources.map((resource) => [resource["urn"].split("::").at(-1) as string, resource] as const),
  )(
    "checks the inputs of %s into themselves, automatic names and secrets included",
    async (_name, { urn, inputs }) => {
      const given = opened(inputs) as Properties;
      expect(await plugin.check(urn, given, given)).toEqual(given);
    },
  );

  it.each(
    resources.map((resource) => [resource["urn"].split("::").at(-1) as string, resource] as const),
  )(
    "reads %s back without drift: same id, same inputs, same state",
    async (_name, { urn, id, inputs, outputs }) => {
      const state = opened(outputs) as Properties;
      const { __inputs, __initialApiVersion, __fieldManager, ...live } = outputs as Obj;
      server.intercept = ({ path }) => {
        if (path.includes("/endpointslices"))
          return { code: 200, body: { items: [{ endpoints: [{ addresses: ["10.0.0.1"] }] }] } };
        const data = isSealed(live["data"]) ? { data: { uri: "b2xk" } } : {};
        return { code: 200, body: { ...live, ...data } };
      };
      const result = await plugin.read(urn, id, state, opened(inputs) as Properties);
      server.intercept = () => undefined;
      expect(result).toEqual({ id, inputs: opened(inputs), properties: state });
      expect([__inputs, __initialApiVersion, __fieldManager]).not.toContain(undefined);
    },
  );
});

interface Step {
  op: string;
  urn: string;
  replaceReasons?: string[];
  detailedDiff: Obj;
  oldState: Obj;
  newState: Obj;
}

/**
 * What the program gave in a step: without an automatic name. The only secret in the recorded JSON
 * is the password that isn't known yet.
 */
function given(step: Step): Properties {
  const inputs = opened(step.newState["inputs"] as Value) as Properties;
  if (inputs["stringData"] !== undefined) inputs["stringData"] = new Secret({ uri: unknown });
  const { name, annotations, ...metadata } = inputs["metadata"] as Properties;
  return annotations === undefined
    ? inputs
    : { ...inputs, metadata: name === undefined ? {} : metadata };
}

describe.each(["config", "scaled", "selector", "rotated"])(
  "the official preview of variant %s",
  (variant) => {
    const steps = (recorded(`preview-${variant}`)["steps"] as Step[]).filter(({ urn }) =>
      byUrn.has(urn),
    );

    it("changes a Kubernetes object", () => expect(steps.length).toBeGreaterThan(0));

    it.each(steps.map((step) => [step.urn.split("::").at(-1)!, step] as const))(
      "is the stand-in's too for %s",
      async (_name, step) => {
        const { id, inputs, outputs } = byUrn.get(step.urn)!;
        const news = await plugin.check(step.urn, given(step), opened(inputs) as Properties);
        const difference = await plugin.diff(step.urn, id, opened(outputs) as Properties, news);
        expect(difference.detailedDiff).toEqual(step.detailedDiff);
        expect(difference.replaces).toEqual(step.replaceReasons ?? []);
        expect(difference.changes).toBe(true);
        expect(difference.replaces.length > 0 ? "replace" : "update").toBe(step.op);
        // The engine marks the old state this way when the old object goes first.
        expect(difference.deleteBeforeReplace).toBe(step.oldState["pendingReplacement"] ?? false);
      },
    );
  },
);

describe("what is rightly different from the recorded state", () => {
  it("is what chance gave and nothing else: the 8 digits of automatic names", async () => {
    const automatic: string[] = [];
    for (const { urn, inputs } of resources) {
      const recordedInputs = opened(inputs) as Properties;
      const metadata = recordedInputs["metadata"] as Properties;
      const isAutomatic =
        (metadata["annotations"] as Properties | undefined)?.["pulumi.com/autonamed"] === "true";
      const { name, annotations: _annotations, ...unnamed } = metadata;
      const checked = await plugin.check(
        urn,
        isAutomatic ? { ...recordedInputs, metadata: unnamed } : recordedInputs,
      );
      const got = (checked["metadata"] as Properties)["name"] as string;
      if (isAutomatic) automatic.push(got.replace(/[0-9a-f]{8}$/, "<8 hex>"));
      expect({
        ...checked,
        metadata: { ...(checked["metadata"] as Properties), name: name! },
      }).toEqual(recordedInputs);
      if (!isAutomatic) expect(got).toBe(name);
    }
    expect(automatic).toEqual(["fraud-config-<8 hex>", "fraud-db-uri-<8 hex>"]);
  });
});
