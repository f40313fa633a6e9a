import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isCalendarDate,
  parseBytes,
  parseDays,
  parseHours,
  parseMilliCpu,
} from "../../../components/internal/quantities.ts";

test.each([
  ["1Ki", 1024],
  ["512Mi", 536870912],
  ["1.5Gi", 1610612736],
  ["2G", 2e9],
])("%s are %d bytes", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(["", "512", "0Mi", "-1Gi", "1 Gi", "1gb", "Gi", "1e3Mi"])("%j is no size", (text) => {
  expect(parseBytes(text)).toBeUndefined();
});

test.each([
  ["250m", 250],
  ["1", 1000],
  ["1.5", 1500],
])("%s are %d thousandths of a CPU", (text, milli) => {
  expect(parseMilliCpu(text)).toBe(milli);
});

test.each(["", "0", "0m", "1.5m", "-1", "1 cpu"])("%j is no amount of CPU", (text) => {
  expect(parseMilliCpu(text)).toBeUndefined();
});

test("hours come from hours or days", () => {
  expect(["1h", "36h", "2d", "30d"].map(parseHours)).toEqual([1, 36, 48, 720]);
  for (const text of ["", "0h", "1", "1.5h", "-1h", "1m", "1w", "1H", "1h ", "1h30m", "100000h"])
    expect(parseHours(text), text).toBeUndefined();
});

test("days are whole, positive and have their unit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99999 }), (days) => {
      expect(parseDays(`${days}d`)).toBe(days);
    }),
  );
  for (const text of ["0d", "-1d", "30", "1.5d", "d", "30h", "030d"])
    expect(parseDays(text), text).toBeUndefined();
});

describe("a calendar date", () => {
  test("is every day that exists", () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date("2000-01-01T00:00:00Z"),
          max: new Date("2099-12-31T00:00:00Z"),
          noInvalidDate: true,
        }),
        (date) => {
          expect(isCalendarDate(date.toISOString().slice(0, 10))).toBe(true);
        },
      ),
    );
    expect(isCalendarDate("2028-02-29")).toBe(true);
  });

  test.each([
    "2027-02-29",
    "2027-02-30",
    "2027-13-01",
    "2027-2-1",
    "27-02-01",
    "2027-02-20T00:00:00Z",
    "90d",
    "",
  ])("is not %j", (text) => {
    expect(isCalendarDate(text)).toBe(false);
  });
});
