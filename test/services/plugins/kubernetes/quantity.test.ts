// Quantities in the API server's canonical form (`k8s.io/apimachinery/pkg/api/resource`).
import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalQuantity } from "../../../../local/plugins/kubernetes/quantity.ts";

it.each([
  ["1024Mi", "1Gi"],
  ["1536Mi", "1536Mi"],
  ["0.5Gi", "512Mi"],
  ["1.5Gi", "1536Mi"],
  ["512Ki", "512Ki"],
  ["0.5Ki", "512"],
  ["1000m", "1"],
  ["0.5", "500m"],
  ["0.25", "250m"],
  ["1500m", "1500m"],
  ["100m", "100m"],
  ["2000", "2k"],
  ["1000M", "1G"],
  ["1e3", "1e3"],
  ["1000000e3", "1e9"],
  ["0", "0"],
  ["0Mi", "0"],
  ["+5", "5"],
  ["-1500m", "-1500m"],
  [".5", "500m"],
  ["5.", "5"],
  ["0.0000000001", "1n"],
])("%s is %s", (given, canonical) => expect(canonicalQuantity(given)).toBe(canonical));

it.each(["", "50%", "1 Gi", "Gi", "1gi", "abc", "1Mi2"])(
  "%j is no quantity and stays as it is",
  (text) => expect(canonicalQuantity(text)).toBe(text),
);

it("doesn't change what is canonical already", () => {
  const suffix = fc.constantFrom("", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti");
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000 }), suffix, (value, unit) => {
      const canonical = canonicalQuantity(`${value}${unit}`);
      expect(canonicalQuantity(canonical)).toBe(canonical);
    }),
  );
});

it("keeps the value", () => {
  const factor: Record<string, number> = {
    "": 1,
    m: 0.001,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    Ki: 1024,
    Mi: 1024 ** 2,
    Gi: 1024 ** 3,
    Ti: 1024 ** 4,
    T: 1e12,
    P: 1e15,
  };
  const valueOf = (quantity: string): number => {
    const [, digits, unit] = /^(\d+)([A-Za-z]*)$/.exec(quantity)!;
    return Number(digits) * factor[unit!]!;
  };
  fc.assert(
    fc.property(
      fc.nat({ max: 100_000 }),
      fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi"),
      (value, unit) => {
        expect(valueOf(canonicalQuantity(`${value}${unit}`))).toBeCloseTo(value * factor[unit]!, 3);
      },
    ),
  );
});
