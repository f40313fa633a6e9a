import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenFile, tokenRandomLength, tokenText } from "../../../components/internal/tokenFile.ts";

const texts = fc.stringMatching(/^[A-Za-z0-9]{40}$/).map(tokenText);
const entries = fc.array(
  fc.record({
    name: fc.constantFrom("ci", "dashboard", "notebook"),
    role: fc.constantFrom("read", "edit"),
    text: texts,
    expires: fc.constant("2027-02-20"),
  }),
  { maxLength: 6 },
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
    expect(tokenFile([{ name: "ci", role: "edit", text: "mlf_abc", expires: "2027-02-20" }])).toBe(
      '{"version":1,"tokens":[{"name":"ci","role":"edit","sha256":"66628569e36e36b241ceaaaa345e87b7e1e343d46e67e10caab083d31fe41804","expires":"2027-02-20"}]}',
    );
    expect(tokenFile([])).toBe('{"version":1,"tokens":[]}');
  });
});

test("a token is found by secret scanners and has more than 200 random bits", () => {
  expect(tokenText("a".repeat(tokenRandomLength))).toMatch(/^mlf_[A-Za-z0-9]{40}$/);
  expect(tokenRandomLength * Math.log2(62)).toBeGreaterThan(200);
});
