import { expect, test } from "vitest";
import { z } from "zod";
import { environmentSchema } from "../../../program/environment/environment.ts";

interface Schema {
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly const?: unknown;
}

/** Paths of the keys in a schema, and those of them that nobody has described. */
function keysOf(schema: Schema, path: string): { all: string[]; silent: string[] } {
  const here = Object.entries(schema.properties ?? {}).map(([key, inner]) => ({
    inner,
    path: path === "" ? key : `${path}.${key}`,
  }));
  const below = [
    ...here.map((each) => keysOf(each.inner, each.path)),
    ...(schema.items === undefined ? [] : [keysOf(schema.items, `${path}[]`)]),
    ...(schema.oneOf ?? []).map((option) => keysOf(option, path)),
  ];
  return {
    all: [...here.map((each) => each.path), ...below.flatMap(({ all }) => all)],
    silent: [
      ...here
        .filter(({ inner }) => inner.description === undefined && inner.const === undefined)
        .map((each) => each.path),
      ...below.flatMap(({ silent }) => silent),
    ],
  };
}

test("every key of an environment, of either kind, says what it means", () => {
  const { all, silent } = keysOf(z.toJSONSchema(environmentSchema, { io: "input" }) as Schema, "");
  expect(silent).toEqual([]);
  expect(all).toEqual(
    expect.arrayContaining([
      "domain",
      "platform.objectStore.features.versioning",
      "platform.database.rds.maxConnections",
    ]),
  );
});
