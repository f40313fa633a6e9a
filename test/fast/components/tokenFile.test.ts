import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenFile, tokenRandomLength, tokenText } from "../../../components/internal/tokenFile.ts";

const texts = fc.stringMatching(/^[A-Za-z0-9]{40}$/).map(tokenText);
const entries = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("ci", "dashboard", "notebook"),
    role: fc.constantFrom("read", "edit"),
    generation: fc.integer({ min: 1, max: 3 }),
    created: fc.constantFrom("2026-12-01", undefined),
    text: texts,
    expires: fc.constant("2027-02-20"),
  }),
  { maxLength: 6, selector: ({ name, generation }) => `${name} ${generation}` },
);

describe("the token file", () => {
  test("holds the SHA-256 of each token and never its text", () => {
    fc.assert(
      fc.property(entries, (tokens) => {
        const file = tokenFile(tokens);
        const parsed = JSON.parse(file) as { version: number; tokens: { sha256: string }[] };
        expect(parsed.version).toBe(1);
        expect(parsed.tokens.map(({ sha256 }) => sha256).sort()).toEqual(
          tokens.map(({ text }) => createHash("sha256").update(text).digest("hex")).sort(),
        );
        for (const { text } of tokens) {
          expect(file).not.toContain(text);
          expect(file).not.toContain(text.slice("mlf_".length));
        }
      }),
    );
  });

  test("does not depend on the order of declaration, so that a reordered file changes nothing", () => {
    fc.assert(
      fc.property(entries, (tokens) => {
        expect(tokenFile([...tokens].reverse())).toBe(tokenFile(tokens));
      }),
    );
  });

  test("is byte for byte what the server's package parses", () => {
    const ci = { name: "ci", role: "edit", expires: "2027-02-20", created: "2026-12-01" };
    expect(tokenFile([{ ...ci, generation: 2, text: "mlf_abc" }])).toBe(
      '{"version":1,"tokens":[{"name":"ci","role":"edit","expires":"2027-02-20","created":"2026-12-01","generation":2,"sha256":"66628569e36e36b241ceaaaa345e87b7e1e343d46e67e10caab083d31fe41804"}]}',
    );
    expect(tokenFile([])).toBe('{"version":1,"tokens":[]}');
  });
});

test("a token is found by secret scanners and has more than 200 random bits", () => {
  expect(tokenText("a".repeat(tokenRandomLength))).toMatch(/^mlf_[A-Za-z0-9]{40}$/);
  expect(tokenRandomLength * Math.log2(62)).toBeGreaterThan(200);
});
