import { compare } from "bcryptjs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomText } from "../../../../local/plugins/random/characters.ts";
import { randomProvider } from "../../../../local/plugins/random/randomProvider.ts";
import { Secret, asText, reveal, unknown } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { connect, urn } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";
import { secretNames } from "../support/recorded.ts";

const at = (name: string): string =>
  urn(`random:index/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`, "it");
let client: ProviderClient;

beforeAll(async () => {
  client = await connect(randomProvider);
});
afterAll(async () => client.close());

async function make(
  name: string,
  given: Properties,
): Promise<{ id: string; inputs: Properties; properties: Properties }> {
  const { inputs, failures } = await client.check(at(name), given);
  expect(failures).toEqual([]);
  return { inputs, ...(await client.create(at(name), inputs)) };
}

describe("RandomPassword", () => {
  test("has a secret value of the asked length, a fitting bcrypt hash, and an id that says nothing", async () => {
    const { id, properties } = await make("RandomPassword", { length: 32, special: false });
    expect(id).toBe("none");
    expect(secretNames(properties)).toEqual(["bcryptHash", "result"]);
    const result = asText(properties["result"]);
    expect(result).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await compare(result, asText(properties["bcryptHash"]))).toBe(true);
  });

  test("a preview says everything but the value", async () => {
    const { inputs } = await client.check(at("RandomPassword"), { length: 8, numeric: false });
    const { id, properties } = await client.create(at("RandomPassword"), inputs, true);
    expect(id).toBe("");
    expect(properties).toMatchObject({
      id: unknown,
      result: new Secret(unknown),
      bcryptHash: new Secret(unknown),
      length: 8,
      numeric: false,
      number: false,
      lower: true,
      minUpper: 0,
    });
  });

  test("any change makes a new one, no change and refresh keep it", async () => {
    const { id, inputs, properties } = await make("RandomPassword", {
      length: 8,
      keepers: { generation: "1" },
    });
    const now = await client.read(at("RandomPassword"), id, properties, inputs);
    expect(now).toEqual({ id, properties, inputs });
    expect((await client.diff(at("RandomPassword"), id, properties, inputs, inputs)).changes).toBe(
      false,
    );
    for (const change of [
      { length: 9 },
      { special: false },
      { keepers: { generation: "2" } },
      { minLower: 2 },
      { numeric: false },
    ]) {
      const news = { ...inputs, ...change };
      expect(
        (await client.diff(at("RandomPassword"), id, properties, inputs, news)).replaces,
      ).toEqual(Object.keys(change));
    }
  });

  test("import keeps the given password and takes it out of the id", async () => {
    const { id, properties } = await client.read(at("RandomPassword"), "given by hand");
    expect(id).toBe("none");
    expect(reveal(properties["result"])).toBe("given by hand");
    const { inputs } = await client.check(at("RandomPassword"), { length: 13 });
    expect((await client.diff(at("RandomPassword"), id, properties, inputs, inputs)).changes).toBe(
      false,
    );
  });

  test("contradictions are told", async () => {
    expect(
      (await client.check(at("RandomPassword"), { length: 3, minLower: 2, minUpper: 2 })).failures,
    ).toEqual([{ property: "length", reason: "3 is less than the sum of the minimum counts (4)" }]);
    expect(
      (
        await client.check(at("RandomPassword"), {
          length: 3,
          lower: false,
          upper: false,
          special: false,
          numeric: false,
        })
      ).failures,
    ).toHaveLength(1);
    expect((await client.check(at("RandomPassword"), {})).failures).toEqual([
      { property: "length", reason: "missing required property" },
    ]);
    expect((await client.check(at("RandomPassword"), { length: 0 })).failures).toHaveLength(1);
  });
});

test("text has its length, only allowed characters, and at least the minimum of each class", () => {
  const minimum = fc.nat({ max: 4 });
  fc.assert(
    fc.property(
      fc.integer({ min: 16, max: 60 }),
      minimum,
      minimum,
      minimum,
      minimum,
      (length, minLower, minUpper, minNumeric, minSpecial) => {
        const text = randomText({
          length,
          minLower,
          minUpper,
          minNumeric,
          minSpecial,
          overrideSpecial: "#_",
        });
        expect(text).toHaveLength(length);
        expect(text).toMatch(/^[a-zA-Z0-9#_]+$/);
        const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
        expect(count(/[a-z]/g)).toBeGreaterThanOrEqual(minLower);
        expect(count(/[A-Z]/g)).toBeGreaterThanOrEqual(minUpper);
        expect(count(/[0-9]/g)).toBeGreaterThanOrEqual(minNumeric);
        expect(count(/[#_]/g)).toBeGreaterThanOrEqual(minSpecial);
      },
    ),
  );
});

test("characters are drawn evenly", () => {
  const counts = new Map<string, number>();
  for (const character of randomText({ length: 62_000, special: false }))
    counts.set(character, (counts.get(character) ?? 0) + 1);
  expect(counts.size).toBe(62);
  // 1000 expected of each, standard deviation 31: seven of them away happens less than once in
  // 10^10.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(220);
});

test("RandomString, RandomBytes and RandomId spell the same bytes in every way", async () => {
  const text = await make("RandomString", { length: 12 });
  expect(text.properties["result"]).toBe(text.id);
  const bytes = await make("RandomBytes", { length: 32 });
  expect(Buffer.from(asText(bytes.properties["hex"]), "hex").toString("base64")).toBe(bytes.id);
  expect(secretNames(bytes.properties)).toEqual(["base64", "hex"]);
  const id = await make("RandomId", { byteLength: 4, prefix: "p-" });
  const hex = asText(id.properties["hex"]).slice(2);
  expect(id.properties).toMatchObject({
    b64Url: `p-${Buffer.from(hex, "hex").toString("base64url")}`,
    b64Std: `p-${Buffer.from(hex, "hex").toString("base64")}`,
    dec: `p-${Number.parseInt(hex, 16)}`,
  });
  expect((await client.read(at("RandomId"), `p-,${id.id}`)).properties).toEqual(id.properties);
});

test("an unsupported type is one clear error", async () => {
  await expect(client.check(urn("random:index/randomPet:RandomPet", "p"), {})).rejects.toThrow(
    /random:index\/randomPet:RandomPet is not supported by the stand-in plugin.*RandomPassword.*pulumi plugin install resource random 4\.21\.2/s,
  );
});
