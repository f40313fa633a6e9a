// RandomString and RandomPassword: the same text; a password's is secret, comes with its bcrypt
// hash, and its id says nothing.
import { hash } from "bcryptjs";
import type { BridgedResource, PropertySpec } from "../shared/bridged/schema.ts";
import type { CheckFailure } from "../shared/provider.ts";
import type { Properties } from "../shared/values.ts";
import { randomText } from "./characters.ts";
import { atLeast, isImport, keepers, stateOnly } from "./keepers.ts";

const flag: PropertySpec = { type: "boolean", replaces: true, default: true };
const minimum: PropertySpec = { type: "number", replaces: true, default: 0, validate: atLeast(0) };

const inputs: Record<string, PropertySpec> = {
  keepers,
  length: { type: "number", required: true, replaces: true, validate: atLeast(1) },
  lower: flag,
  minLower: minimum,
  minNumeric: minimum,
  minSpecial: minimum,
  minUpper: minimum,
  // Two names of one thing; `number` is the deprecated one.
  number: { type: "boolean", replaces: true, computed: true },
  numeric: { type: "boolean", replaces: true, computed: true },
  overrideSpecial: { type: "string", replaces: true },
  special: flag,
  upper: flag,
};

function validate(given: Properties): CheckFailure[] {
  const sum = ["minLower", "minNumeric", "minSpecial", "minUpper"].reduce(
    (total, key) => total + (Number(given[key] ?? 0) || 0),
    0,
  );
  const failures: CheckFailure[] = [];
  if (typeof given["length"] === "number" && sum > given["length"]) {
    failures.push({
      property: "length",
      reason: `${given["length"]} is less than the sum of the minimum counts (${sum})`,
    });
  }
  if (
    given["number"] !== undefined &&
    given["numeric"] !== undefined &&
    given["number"] !== given["numeric"]
  ) {
    failures.push({ property: "number", reason: "contradicts `numeric`; give only `numeric`" });
  }
  const on = (key: string): boolean => given[key] !== false;
  if (
    !on("lower") &&
    !on("upper") &&
    !on("special") &&
    (given["numeric"] === false || given["number"] === false)
  ) {
    failures.push({
      property: "",
      reason: "no class of characters is left: one of lower, upper, numeric, special must be true",
    });
  }
  return failures;
}

/** The two names of one thing say the same. */
function plan(given: Properties): Properties {
  const numeric = given["numeric"] ?? given["number"] ?? true;
  return { number: numeric, numeric };
}

/** State as the official plugin fills it. */
function completed(given: Properties, result: string): Properties {
  return { ...given, ...plan(given), result };
}

function imported(text: string): Properties {
  const defaults = Object.fromEntries(
    Object.entries(inputs).flatMap(([key, spec]) =>
      spec.default === undefined ? [] : [[key, spec.default]],
    ),
  );
  return completed({ ...defaults, length: [...text].length }, text);
}

/** bcrypt reads 72 bytes at most; the official plugin cuts there too. */
async function bcrypt(text: string): Promise<string> {
  return hash(Buffer.from(text).subarray(0, 72).toString(), 10);
}

export const randomString: BridgedResource = {
  ...stateOnly,
  meta: JSON.stringify({ schema_version: "3" }),
  properties: { ...inputs, result: { type: "string", output: true } },
  validate,
  plan,
  create: async (operation) => {
    const result = randomText(operation.inputs);
    return { id: result, state: completed(operation.inputs, result) };
  },
  read: async (_context, id, state) => ({ state: isImport(state) ? imported(id) : state }),
};

export const randomPassword: BridgedResource = {
  ...stateOnly,
  meta: JSON.stringify({ schema_version: "3" }),
  properties: {
    ...inputs,
    bcryptHash: { type: "string", output: true, secret: true },
    result: { type: "string", output: true, secret: true },
  },
  validate,
  plan,
  create: async (operation) => {
    const result = randomText(operation.inputs);
    return {
      id: "none",
      state: { ...completed(operation.inputs, result), bcryptHash: await bcrypt(result) },
    };
  },
  // `pulumi import` of a password gives the password itself as id; it doesn't stay the id.
  read: async (_context, id, state) =>
    isImport(state)
      ? { id: "none", state: { ...imported(id), bcryptHash: await bcrypt(id) } }
      : { state },
};
