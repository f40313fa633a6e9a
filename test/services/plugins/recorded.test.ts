// The stand-ins against what the official plugins gave for the same program: inputs, state,
// secrets, diffs.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresqlProvider } from "../../../local/plugins/postgresql/postgresqlProvider.ts";
import { randomProvider } from "../../../local/plugins/random/randomProvider.ts";
import { Secret, Unknown, reveal } from "../../../local/plugins/shared/values.ts";
import type { Properties, Value } from "../../../local/plugins/shared/values.ts";
import { connect } from "./support/client.ts";
import type { ProviderClient } from "./support/client.ts";
import { startCluster } from "./support/postgresCluster.ts";
import type { Cluster } from "./support/postgresCluster.ts";
import { recordedState, recordedSteps, secretNames } from "./support/recorded.ts";
import type { RecordedResource } from "./support/recorded.ts";

/** Rightful differences, each with its reason. */
const officialOnly = [
  // The official bridge's own memory of how it turned Terraform's values into Pulumi's; it works
  // without (states of older bridges have none).
  "__pulumi_raw_state_delta",
];

const generated = new Set([
  "result",
  "bcryptHash",
  "base64",
  "hex",
  "b64Std",
  "b64Url",
  "dec",
  "id",
]);

function given(inputs: Properties): Properties {
  const defaults = inputs["__defaults"];
  const names = Array.isArray(defaults) ? defaults : [];
  return Object.fromEntries(
    Object.entries(inputs).filter(([key]) => key !== "__defaults" && !names.includes(key)),
  );
}

/**
 * Outputs to compare: without what is only official, without the content of secrets and of
 * generated values.
 */
function comparable(outputs: Properties, isRandom: boolean): Properties {
  const visible = (key: string, value: Value): Value =>
    value instanceof Secret
      ? "secret"
      : isRandom && generated.has(key) && value !== "none"
        ? "generated"
        : value;
  return Object.fromEntries(
    Object.entries(outputs)
      .filter(([key]) => !officialOnly.includes(key))
      .map(([key, value]) => [key, visible(key, value)]),
  );
}

const unchanged = { changes: false, replaces: [], diffs: [] };

describe.each([
  ["random:", () => randomProvider],
  ["postgresql:", () => postgresqlProvider()],
])("%s", (prefix, provider) => {
  let cluster: Cluster | undefined;
  let client: ProviderClient;
  const isRandom = prefix === "random:";
  const resources = recordedState(prefix);

  beforeAll(async () => {
    client = await connect(provider());
    if (isRandom) return;
    cluster = await startCluster();
    await client.configure({
      host: cluster.host,
      port: String(cluster.port),
      username: cluster.user,
      password: new Secret(cluster.password),
      sslmode: "disable",
      superuser: "true",
    });
  }, 60_000);

  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
  });

  test("the recording has the resources that this test is about", () => {
    expect(resources.map((resource) => resource.type.split(":").at(-1))).toEqual(
      isRandom ? ["RandomBytes", "RandomId", "RandomPassword"] : ["Role", "Database", "Grant"],
    );
  });

  test.each(resources)("$type: the same checked inputs", async (resource) => {
    expect(await client.check(resource.urn, given(resource.inputs))).toEqual({
      inputs: resource.inputs,
      failures: [],
    });
  });

  test.each(resources)(
    "$type: the same id and state after creation, secret where it was secret",
    async (resource) => {
      const { id, properties } = await client.create(resource.urn, resource.inputs);
      if (!isRandom || resource.id === "none") expect(id).toBe(resource.id);
      expect(comparable(properties, isRandom)).toEqual(comparable(resource.outputs, isRandom));
      expect(secretNames(properties)).toEqual(secretNames(resource.outputs));
    },
  );

  test.each(resources)(
    "$type: the official state is no change, and is taken as it is by refresh",
    async (resource) => {
      expect(
        await client.diff(
          resource.urn,
          resource.id,
          resource.outputs,
          resource.inputs,
          resource.inputs,
        ),
      ).toMatchObject(unchanged);
      const read = await client.read(resource.urn, resource.id, resource.outputs, resource.inputs);
      expect(read.id).toBe(resource.id);
      expect(read.inputs).toEqual(resource.inputs);
      expect(comparable(read.properties, isRandom)).toEqual(comparable(resource.outputs, isRandom));
    },
  );

  const steps = ["base", "config", "scaled", "selector", "rotated", "limit"].flatMap((variant) =>
    recordedSteps(
      variant,
      prefix,
      "old",
      variant === "rotated" && !isRandom ? new Unknown() : "old",
    ).map((step) => ({ variant, ...step })),
  );

  test("the recorded previews have the steps that this test is about", () => {
    expect(steps.map((step) => `${step.variant} ${step.op}`)).toEqual(
      isRandom ? ["rotated replace"] : ["rotated update", "limit update"],
    );
  });

  test.each(steps)("preview $variant: the same diff of $urn", async (step) => {
    const old: RecordedResource = step.oldState;
    const diff = await client.diff(step.urn, old.id, old.outputs, old.inputs, step.newState.inputs);
    expect(diff.changes).toBe(true);
    expect(diff.diffs).toEqual(step.diffReasons);
    expect(diff.replaces).toEqual(step.replaceReasons ?? []);
    expect(diff.detailedDiff ?? null).toEqual(step.detailedDiff);
  });
});

test("preview rotated: the planned password says what the official one said", async () => {
  const [step] = recordedSteps("rotated", "random:");
  const client = await connect(randomProvider);
  const { properties } = await client.create(step!.urn, step!.newState.inputs, true);
  const text = (properties: Properties): Properties =>
    Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [
        key,
        value instanceof Secret ? "[secret]" : value,
      ]),
    );
  const official = Object.fromEntries(
    Object.entries(step!.newState.outputs).map(([key, value]) => [
      key,
      value instanceof Secret ? "[secret]" : reveal(value),
    ]),
  );
  // The recorded text of an unknown id is the protocol's own word for it.
  expect(official["id"]).toBe("04da6b54-80e4-46f7-96ec-b56ff0331ba9");
  expect({ ...text(properties), id: "unknown" }).toEqual({ ...official, id: "unknown" });
  expect(properties["id"]).toBeInstanceOf(Unknown);
  await client.close();
});
