import { expect, test } from "vitest";
import { tokenDay, withTokenDay } from "../../../../local/stack/tokenDay.ts";

test.each([
  ["2026-11-30T23:59:59Z", "2027-02-28"],
  ["2026-10-01T00:00:00Z", "2027-01-31"],
  ["2027-11-01T12:00:00Z", "2028-02-29"],
])("the day of tokens on %s is %s", (now, day) => expect(tokenDay(new Date(now))).toBe(day));

test("a platform's own day stays, and so do its other defaults", () => {
  const now = new Date("2026-11-30");
  expect(withTokenDay({ domain: "a", defaults: { tier: "sandbox" } }, now)).toEqual({
    domain: "a",
    defaults: { tier: "sandbox", tokenExpires: "2027-02-28" },
  });
  expect(withTokenDay({ defaults: { tokenExpires: "2027-01-01" } }, now)).toEqual({
    defaults: { tokenExpires: "2027-01-01" },
  });
});
