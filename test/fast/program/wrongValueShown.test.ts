import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { environmentSchema } from "../../../program/environment/environment.ts";
import { rolloutSchema } from "../../../program/environment/rolloutSchema.ts";
import { instanceFileSchema } from "../../../program/instance/file.ts";
import { check } from "../../../program/values/problems.ts";
import { show } from "../../../program/values/wrongValue.ts";

// Every key of every schema, so that a new key can't have a message without its value.

interface Leaf {
  readonly path: string;
  readonly schema: z.ZodType;
}

function leavesOf(schema: z.ZodType, path = ""): Leaf[] {
  const def = schema.def as unknown as Record<string, unknown> & { type: string };
  const inside = (key: string, step = "") => leavesOf(def[key] as z.ZodType, path + step);
  if (def.type === "object")
    return Object.entries(def["shape"] as Record<string, z.ZodType>).flatMap(([key, value]) =>
      leavesOf(value, `${path}.${key}`),
    );
  if (["optional", "default", "prefault"].includes(def.type)) return inside("innerType");
  if (def.type === "array") return inside("element", "[]");
  if (def.type === "record") return inside("valueType", ".*");
  if (def.type === "pipe") return inside("in");
  const options = def["options"] as z.ZodType[] | undefined;
  if (options?.some((option) => option.def.type === "object"))
    return options.flatMap((option) => leavesOf(option, path));
  return [{ path, schema }];
}

const schemas = {
  "an instance file": instanceFileSchema,
  "a stack file": environmentSchema,
  "the rollout": rolloutSchema,
};

describe.each(Object.entries(schemas))("the message on a wrong value of %s", (_what, schema) => {
  const leaves = leavesOf(schema).map(({ path, schema: leaf }) => [path, leaf] as const);

  test("reaches every key", () => {
    expect(leaves.length).toBeGreaterThan(1);
  });

  test.each(leaves)("%s shows it", (path, leaf) => {
    // The certificates of an authority are a file's text, which may have a key in it.
    if (path.endsWith(".caBundle")) return;
    for (const value of ["¿Wrong?", "UPPER case", "a".repeat(63), true, 0.5, -1, 123_456_789])
      for (const { message } of check(leaf, value).problems)
        if (message !== `is ${String(value).length} characters long; at most 200`)
          expect(message).toContain(show(value));
  });
});

test.each([
  ["https://minio:hunter2@store.example", "an address with a login in it"],
  ["a".repeat(64), "a text of 64 characters"],
  ["shop", '"shop"'],
  [null, "empty"],
  [[], "a list"],
  [{}, "a mapping"],
])("%j is shown as %s", (value, shown) => {
  expect(show(value)).toBe(shown);
});
