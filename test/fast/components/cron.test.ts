import { describe, expect, test } from "vitest";
import { cronProblem, timeZoneProblem } from "../../../components/internal/cron.ts";
import {
  goodSchedules,
  goodTimeZones,
  refusedSchedules,
  refusedTimeZones,
  uselessSchedules,
} from "../../support/schedules.ts";

// The rule is that of robfig/cron's standard parser, which Kubernetes uses. That a real API server
// says the same of these texts is test/engine/maintenanceAccess.test.ts's part.

describe("a schedule", () => {
  test.each(goodSchedules)("%j is taken", (schedule) => {
    expect(cronProblem(schedule)).toBeUndefined();
  });

  test.each([...refusedSchedules, ...uselessSchedules])(
    "%j is refused: %s",
    (schedule, problem) => {
      expect(cronProblem(schedule)).toBe(problem);
    },
  );
});

describe("a time zone", () => {
  test.each(goodTimeZones)("%s is taken", (timeZone) => {
    expect(timeZoneProblem(timeZone)).toBeUndefined();
  });

  test.each(refusedTimeZones)("%j is refused: %s", (timeZone, problem) => {
    expect(timeZoneProblem(timeZone)).toBe(problem);
  });
});
