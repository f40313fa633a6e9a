// RandomId: random bytes in four spellings, with an optional prefix.
import { randomBytes } from "node:crypto";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import { asText } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { atLeast, isImport, keepers, stateOnly } from "./keepers.ts";

function encoded(bytes: Buffer, prefix: string): Properties {
  return {
    b64Std: prefix + bytes.toString("base64"),
    b64Url: prefix + bytes.toString("base64url"),
    dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
    hex: prefix + bytes.toString("hex"),
  };
}

export const randomIdResource: BridgedResource = {
  ...stateOnly,
  properties: {
    keepers,
    byteLength: { type: "number", required: true, replaces: true, validate: atLeast(1) },
    prefix: { type: "string", replaces: true },
    b64Std: { type: "string", output: true },
    b64Url: { type: "string", output: true },
    dec: { type: "string", output: true },
    hex: { type: "string", output: true },
  },
  create: async ({ inputs }) => {
    const bytes = randomBytes(Number(inputs["byteLength"]));
    return {
      id: bytes.toString("base64url"),
      state: { ...inputs, ...encoded(bytes, asText(inputs["prefix"])) },
    };
  },
  read: async (_context, id, state) => {
    if (!isImport(state)) return { state };
    // Import form: `<prefix>,<base64url>` or just `<base64url>`.
    const [prefix, text] = id.includes(",")
      ? [id.slice(0, id.indexOf(",")), id.slice(id.indexOf(",") + 1)]
      : ["", id];
    const bytes = Buffer.from(text, "base64url");
    return {
      id: text,
      state: {
        byteLength: bytes.length,
        ...(prefix !== "" && { prefix }),
        ...encoded(bytes, prefix),
      },
    };
  },
};
