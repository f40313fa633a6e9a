import { afterAll, describe } from "vitest";
import { removeParcelForecast } from "./support/parcelForecast.ts";

// The platform team's commands as they are typed, on one instance.

afterAll(removeParcelForecast);

describe("operations", async () => {
  await import("./commands/operations.ts");
});

describe("drift", async () => {
  await import("./commands/drift.ts");
});

describe("gateway", async () => {
  await import("./commands/gateway.ts");
});

describe("snippets for ML teams", async () => {
  await import("./commands/frameworks.ts");
});

// Last: it replaces the instance's keys.
describe("away", async () => {
  await import("./commands/away.ts");
});
