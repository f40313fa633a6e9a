// RandomBytes. Its id is its value in base64 and ids are never encrypted: that is the official
// behaviour, so use RandomPassword for secrets.
import { randomBytes } from "node:crypto";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Properties } from "../shared/values.ts";
import { atLeast, isImport, keepers, stateOnly } from "./keepers.ts";

function encoded(bytes: Buffer): Properties {
  return { base64: bytes.toString("base64"), hex: bytes.toString("hex"), length: bytes.length };
}

export const randomBytesResource: BridgedResource = {
  ...stateOnly,
  idInState: false,
  properties: {
    keepers,
    length: { type: "number", required: true, replaces: true, validate: atLeast(1) },
    base64: { type: "string", output: true, secret: true },
    hex: { type: "string", output: true, secret: true },
  },
  create: async ({ inputs }) => {
    const bytes = randomBytes(Number(inputs["length"]));
    return { id: bytes.toString("base64"), state: { ...inputs, ...encoded(bytes) } };
  },
  read: async (_context, id, state) => ({
    state: isImport(state) ? encoded(Buffer.from(id, "base64")) : state,
  }),
};
