import { afterAll, describe } from "vitest";
import { removeParcelForecast } from "./support/parcelForecast.ts";

// Changes of a running instance: from outside, by its files, and of what it runs on.

afterAll(removeParcelForecast);

describe("drift", async () => {
  await import("./changes/drift.ts");
});

describe("gateway", async () => {
  await import("./changes/gateway.ts");
});

// Last: it replaces the instance's keys.
describe("away", async () => {
  await import("./changes/away.ts");
});
