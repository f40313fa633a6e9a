// The protocol server around a provider of the test: what the engine sends arrives, what a provider
// says goes back.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../../../local/plugins/shared/provider.ts";
import type { Provider, ResourceHandler } from "../../../../local/plugins/shared/provider.ts";
import {
  Secret,
  fromWire,
  hasSecret,
  hasUnknown,
  sameValue,
  toWire,
  unknown,
} from "../../../../local/plugins/shared/values.ts";
import type { Properties, Wire } from "../../../../local/plugins/shared/values.ts";
import { positional } from "../../../../local/plugins/shared/serve.ts";
import { connect, urn } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";

const seen: Record<string, unknown> = {};

const echo: ResourceHandler = {
  check: async (request) => {
    seen["check"] = request;
    return {
      inputs: request.news,
      failures: [{ property: "spec.items[0].name", reason: "is taken" }],
    };
  },
  diff: async ({ news }) =>
    news["same"] === true
      ? { changes: false }
      : {
          changes: true,
          replaces: ["a"],
          diffs: ["a", "b"],
          deleteBeforeReplace: true,
          detailedDiff: {
            a: { kind: "update-replace", inputDiff: true },
            "b.c[0]": { kind: "add", inputDiff: false },
          },
        },
  create: async ({ inputs, name, type, urn: at }) => {
    if (inputs["fail"] === true) throw new UserError("nothing was made");
    return { id: "id-1", properties: { ...inputs, name, type, at } };
  },
  read: async ({ id, properties, inputs }) =>
    id === "gone" ? undefined : { id, properties, inputs },
  update: async ({ news }) => news,
  delete: async ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    }),
};

const provider: Provider = {
  name: "echo",
  version: "1.2.3",
  supported: ["echo:index:Thing"],
  resource: (type) => (type === "echo:index:Thing" ? echo : undefined),
  configure: async (config) => {
    seen["config"] = config;
  },
};

const at = urn("pkg:index:Parent$echo:index:Thing", "with::colons");
const odd: Properties = {
  secret: new Secret({ list: [1, new Secret("inner")] }),
  later: unknown,
  nothing: null,
  nested: { no: false, zero: 0, empty: "", list: [unknown, new Secret(unknown)] },
};

let client: ProviderClient;
beforeAll(async () => {
  client = await connect(provider);
});
afterAll(async () => client.close());

test("secrets and unknowns survive both ways, in every place", async () => {
  const { properties } = await client.create(at, odd);
  expect(properties).toMatchObject(odd);
  expect(properties).toMatchObject({ name: "with::colons", type: "echo:index:Thing", at });
  expect(await client.update(at, "id-1", odd, odd, odd)).toEqual(odd);
  expect(await client.read(at, "id-1", odd, odd)).toEqual({
    id: "id-1",
    properties: odd,
    inputs: odd,
  });
});

test("the handshake accepts secrets, or the engine would strip them", async () => {
  expect(await client.handshake()).toEqual({ acceptSecrets: true });
  expect(await client.version()).toBe("1.2.3");
});

test("check failures carry the property path; olds and seed arrive", async () => {
  const result = await client.check(at, { a: 1 }, { a: 0 }, "seed of the run");
  expect(result.failures).toEqual([{ property: "spec.items[0].name", reason: "is taken" }]);
  expect(seen["check"]).toMatchObject({
    olds: { a: 0 },
    news: { a: 1 },
    randomSeed: new Uint8Array(Buffer.from("seed of the run")),
  });
});

test("a diff arrives with its kinds, order and flags", async () => {
  expect(await client.diff(at, "id-1", {}, {}, {})).toEqual({
    changes: true,
    replaces: ["a"],
    diffs: ["a", "b"],
    deleteBeforeReplace: true,
    detailedDiff: {
      a: { kind: "update-replace", inputDiff: true },
      "b.c[0]": { kind: "add", inputDiff: false },
    },
  });
  expect(await client.diff(at, "id-1", {}, {}, { same: true })).toMatchObject({
    changes: false,
    detailedDiff: undefined,
  });
});

test("an error's message reaches the engine", async () => {
  await expect(client.create(at, { fail: true })).rejects.toThrow(/nothing was made/);
});

test("an id of a preview is never taken for a real one; a resource that is gone has none", async () => {
  expect((await client.create(at, {}, true)).id).toBe("");
  expect((await client.read(at, "gone")).id).toBe("");
});

test("any other type is one error that names it, what there is, and the way out", async () => {
  await expect(client.create(urn("echo:index:Other", "x"), {})).rejects.toThrow(
    /resource type echo:index:Other is not supported by the stand-in plugin for "echo".*Supported: echo:index:Thing\..*pulumi plugin install resource echo 1\.2\.3/,
  );
});

test("cancelling ends what is under way", async () => {
  const own = await connect(provider);
  const refused = expect(own.delete(at, "id-1", {})).rejects.toThrow(/cancelled/);
  await own.cancel();
  await refused;
  await own.close();
});

describe("values", () => {
  test("every kind of unknown of the protocol is read, an output value loses its dependencies and nothing else", () => {
    for (const text of [
      "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
      "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
      "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
      "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    ]) {
      expect(fromWire(text)).toBe(unknown);
    }
    const signature = "4dabf18193072939515e22adb298388d";
    expect(
      fromWire({
        [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
        value: "x",
        secret: true,
        dependencies: ["urn"],
      }),
    ).toEqual(new Secret("x"));
    expect(fromWire({ [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", dependencies: [] })).toBe(
      unknown,
    );
    expect(fromWire({ [signature]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "u", id: "i" })).toBe(
      "i",
    );
    const asset: Wire = { [signature]: "c44067f5952c0a294b673a41bacd8c17", text: "t", hash: "h" };
    expect(toWire(fromWire(asset))).toEqual(asset);
  });

  test("comparison ignores secrecy but nothing else", () => {
    expect(sameValue(new Secret({ a: [1] }), { a: [new Secret(1)] })).toBe(true);
    expect(sameValue({ a: 1 }, { a: 1, b: null })).toBe(false);
    expect(sameValue([1, 2], [2, 1])).toBe(false);
    expect(sameValue(unknown, unknown)).toBe(true);
    expect(hasSecret({ a: [{ b: new Secret(1) }] })).toBe(true);
    expect(hasUnknown({ a: new Secret([unknown]) })).toBe(true);
    expect(hasUnknown(odd["nothing"])).toBe(false);
  });
});

test("the engine's address is found behind logging and tracing flags", () => {
  expect(positional(["--logtostderr", "-v=9", "--tracing", "file:/t", "127.0.0.1:1"])).toEqual([
    "127.0.0.1:1",
  ]);
});
