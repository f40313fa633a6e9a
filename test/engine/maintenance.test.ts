import { afterAll, describe } from "vitest";
import { removeMaintainedInstances } from "./support/maintainedInstances.ts";

// What the maintenance jobs make of an instance: each has one of its own, and one `up` deploys
// them. Retention is the last, as its tests kill services.

afterAll(removeMaintainedInstances);

describe("stale runs", async () => {
  await import("./maintenance/staleRuns.ts");
});

describe("retention", async () => {
  await import("./maintenance/retention.ts");
});
