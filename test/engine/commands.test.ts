import { afterAll, describe } from "vitest";
import { removeParcelForecast } from "./support/parcelForecast.ts";

// The platform team's commands for a running instance as they are typed, and the snippets of its
// users.

afterAll(removeParcelForecast);

describe("operations", async () => {
  await import("./commands/operations.ts");
});

describe("snippets for ML teams", async () => {
  await import("./commands/frameworks.ts");
});
