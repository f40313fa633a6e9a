import fc from "fast-check";
import { expect, test } from "vitest";
import { cronProblem } from "../../../components/internal/cron.ts";
import {
  defaultSchedules,
  resolveMaintenance,
  resolveStaleRuns,
} from "../../../components/internal/maintenanceSettings.ts";
import { instanceNamePattern } from "../../../components/internal/names.ts";

const minuteOf = (schedule: string) => Number(schedule.split(" ")[0]);

test("the default schedules are good ones, at night and hourly, half an hour apart, and always the same for a name", () => {
  fc.assert(
    fc.property(fc.stringMatching(instanceNamePattern), (name) => {
      const { retention, staleRuns } = defaultSchedules(name);
      expect([cronProblem(retention), cronProblem(staleRuns)]).toEqual([undefined, undefined]);
      expect(retention).toMatch(/^\d{1,2} [1-4] \* \* \*$/);
      expect(staleRuns).toMatch(/^\d{1,2} \* \* \* \*$/);
      expect(Math.abs(minuteOf(retention) - minuteOf(staleRuns))).toBe(30);
      expect(defaultSchedules(name)).toEqual({ retention, staleRuns });
    }),
  );
});

test("a hundred instances start at least sixty times apart, and at most five at once", () => {
  const starts = Array.from(
    { length: 100 },
    (_, index) => defaultSchedules(`product-${index}`).retention,
  );
  const counts = Map.groupBy(starts, (start) => start);
  expect(counts.size).toBeGreaterThan(60);
  expect(Math.max(...[...counts.values()].map(({ length }) => length))).toBeLessThanOrEqual(5);
});

test("what is given stays as it is", () => {
  const given = {
    timeZone: "Europe/Berlin",
    retentionSchedule: "@daily",
    staleRunsSchedule: "0 * * * *",
  };
  expect(resolveMaintenance("fraud", given)).toEqual(given);
  expect(resolveMaintenance("fraud", { timeZone: undefined }).timeZone).toBe("Etc/UTC");
  expect(resolveStaleRuns({ after: "2d", idle: "1d" })).toEqual({ after: "2d", idle: "1d" });
});

test("the default of idle is never more than after", () => {
  expect(["1h", "5h", "6h", "24h", "1d"].map((after) => resolveStaleRuns({ after }).idle)).toEqual([
    "1h",
    "5h",
    "6h",
    "6h",
    "6h",
  ]);
});
