import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pageOf } from "../../../../../cli/changes/preview/markdown.ts";
import { monthlyCost, readPrices } from "../../../../../cli/changes/preview/prices.ts";
import {
  bytesOf,
  gibibyte,
  milliOf,
  showBytes,
  showCpu,
} from "../../../../../cli/changes/preview/quantities.ts";
import { reportFrom } from "./support.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "prices-"));
});
afterEach(() => rm(folder, { recursive: true }));

const example = join(
  import.meta.dirname,
  "..",
  "..",
  "..",
  "..",
  "..",
  "stacks",
  "prices.example.yaml",
);
const path = (): string => join(folder, "stacks.yaml");
const from = async (text: string) => {
  await writeFile(path(), text);
  return readPrices(folder, path());
};
const right = `source: contract 12
date: 2026-11-01
currency: EUR
monthly: { cpu: 10, memoryGiB: 2, temporaryStorageGiB: 0, database: 3, databaseConnection: 0.1 }
storageGiB: { STANDARD: 0.02 }
`;

describe("the price table", () => {
  it("is none where there is no file", async () =>
    expect(await readPrices(folder, path())).toBeUndefined());

  it("is the example's, whose numbers say that they are invented", async () => {
    const prices = await readPrices(folder, example);
    expect(prices).toMatchObject({
      currency: "EUR",
      monthly: { cpu: 20 },
      source: expect.stringContaining("invented"),
    });
  });

  it.each([
    [
      "date: 2026-11-01",
      "date: last week",
      "stacks.yaml:2:1 date: is not a date such as 2026-11-01",
    ],
    ["date: 2026-11-01\n", "", "stacks.yaml:1:1 date: is missing"],
    [
      "currency: EUR",
      "currency: €",
      "stacks.yaml:3:1 currency: is a code of three capital letters such as EUR",
    ],
    ["cpu: 10", "cpu: ten", "stacks.yaml:4:12 monthly.cpu: is not a number"],
    ["cpu: 10, ", "", "monthly.cpu: is missing; 0 where it costs nothing"],
    ["cpu: 10", "cpu: -1", "monthly.cpu: is -1, less than 0"],
    ["cpu: 10", "cpu: 10, gpu: 5", "monthly.gpu: unknown key; known here: cpu, memoryGiB,"],
    ["source: contract 12", "source: ''", "source: is empty"],
    ["STANDARD: 0.02", "STANDARD: free", "storageGiB.STANDARD: is not a number"],
    ["monthly:", " monthly:", "stacks.yaml:3:11 "],
  ])("refuses %s -> %s with its place", async (good, bad, message) => {
    await expect(from(right.replace(good, bad))).rejects.toThrow(message);
  });

  it("says all errors at once", async () => {
    await expect(from("currency: x\n")).rejects.toThrow(
      /source: is missing[^]*date: is missing[^]*currency:[^]*monthly: is missing[^]*storageGiB: is missing/,
    );
  });
});

describe("the cost", () => {
  it("is requests, temporary storage, database and connections", async () => {
    const prices = await from(right);
    if (prices === undefined) throw new Error("no prices");
    const capacity = {
      replicas: 2,
      cpuMilli: 1500,
      memoryBytes: 4 * gibibyte,
      temporaryBytes: 9 * gibibyte,
      connections: 50,
      databases: 1,
      storageClasses: ["STANDARD"],
    };
    expect(monthlyCost(prices, capacity)).toBeCloseTo(1.5 * 10 + 4 * 2 + 0 + 3 + 5, 10);
  });

  it("is on the page with source and date, marked as an estimate, and without the bucket's content", async () => {
    const page = pageOf(await reportFrom("tier", { prices: await from(right) }));
    expect(page).toContain("Monthly cost (estimate): 9.95 → 21.00 EUR (+11.05)");
    expect(page).toContain("Prices of 2026-11-01: contract 12.");
    expect(page).toContain(
      "what the buckets hold, which a preview can't know (0.02 EUR per GiB and month in STANDARD)",
    );
  });

  it("is nowhere on the page without a table", async () => {
    for (const name of ["new", "tier", "token", "prepared"])
      expect(pageOf(await reportFrom(name))).not.toMatch(/cost|price|EUR/i);
  });

  it("is unknown where the program did not get to its end", async () => {
    const report = await reportFrom("wrongInput", { prices: await from(right) });
    expect([report.cost, report.capacity]).toEqual([undefined, undefined]);
  });

  it("names a storage class that has no price", async () => {
    const prices = await from(right.replace("STANDARD: 0.02", "COLD: 1"));
    expect(pageOf(await reportFrom("tier", { prices }))).toContain(
      "STANDARD has no price in the table",
    );
  });
});

describe("quantities", () => {
  it.each([
    ["512Mi", 512 * 2 ** 20],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["1G", 1e9],
    ["123", 123],
    [5, 5],
    ["", undefined],
    ["1Xi", undefined],
    [undefined, undefined],
  ])("bytes of %s", (text, bytes) => expect(bytesOf(text)).toBe(bytes));

  it.each([
    ["250m", 250],
    ["1.5", 1500],
    [2, 2000],
    ["x", undefined],
  ])("processors of %s", (text, milli) => expect(milliOf(text)).toBe(milli));

  it("are shown short", () => {
    expect([
      showBytes(0),
      showBytes(512 * 2 ** 20),
      showBytes(1.5 * gibibyte),
      showCpu(0),
      showCpu(350),
      showCpu(2000),
    ]).toEqual(["0", "512 MiB", "1.5 GiB", "0", "0.35", "2"]);
  });
});
