import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { z } from "zod";
import { check, strict } from "../../../program/values/problems.ts";
import { parseYamlFile } from "../../../program/values/yamlFile.ts";
import { Refusal } from "../../refusal.ts";
import type { Capacity } from "./facts.ts";
import { gibibyte } from "./quantities.ts";

const price = z
  .number({
    error: (issue) =>
      issue.code !== "invalid_type"
        ? undefined
        : issue.input === undefined
          ? "is missing; 0 where it costs nothing"
          : "is not a number",
  })
  .min(0);

const schema = strict({
  source: z
    .string()
    .min(1)
    .describe("Where the prices are from: the page's link, the contract, whose estimate."),
  date: z.iso.date({
    error: (issue) =>
      issue.input === undefined ? "is missing" : "is not a date such as 2026-11-01",
  }),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, { error: "is a code of three capital letters such as EUR" }),
  monthly: strict({
    cpu: price.describe("One processor, guaranteed for the whole month."),
    memoryGiB: price.describe("One GiB of memory, guaranteed."),
    temporaryStorageGiB: price.describe("One GiB of a pod's temporary volume."),
    database: price.describe("One database on the environment's server."),
    databaseConnection: price.describe("One connection that an instance's roles may open."),
  }).describe("Per month of 730 hours."),
  storageGiB: z
    .record(z.string(), price)
    .describe("One GiB in the bucket for a month, by storage class."),
});

export type Prices = z.output<typeof schema>;

/** The price table; undefined when there is none. */
export async function readPrices(root: string, path: string): Promise<Prices | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const shown = relative(root, path);
  const yaml = parseYamlFile(text);
  const { data, problems } =
    yaml.syntaxErrors.length > 0 ? { problems: [] } : check(schema, yaml.data);
  const errors = [...yaml.syntaxErrors, ...problems.map((problem) => yaml.place(problem))].map(
    (error) => `  ${shown}:${error}`,
  );
  if (data === undefined) throw new Refusal(["Wrong price table:", ...errors].join("\n"));
  return data;
}

/** What the capacity costs in a month; the bucket's content is not in it. */
export function monthlyCost(prices: Prices, capacity: Capacity): number {
  const { cpu, memoryGiB, temporaryStorageGiB, database, databaseConnection } = prices.monthly;
  return (
    (capacity.cpuMilli / 1000) * cpu +
    (capacity.memoryBytes / gibibyte) * memoryGiB +
    (capacity.temporaryBytes / gibibyte) * temporaryStorageGiB +
    capacity.databases * database +
    capacity.connections * databaseConnection
  );
}
