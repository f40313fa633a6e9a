import { expect, test } from "vitest";
import { nearestFirst, suggestion } from "../../../program/values/nearest.ts";

test("the nearest name is the one with the fewest changed letters", () => {
  expect(nearestFirst("Frud-detector", ["search-ranker", "fraud-detector", "f"])[0]).toBe(
    "fraud-detector",
  );
  expect(nearestFirst("x", [])).toEqual([]);
});

test.each([
  ["teir", "did you mean tier? "],
  ["Owner", "did you mean owner? "],
  ["deletedExperimentsRetention", "did you mean deletedExperimentRetention? "],
  ["retention", "did you mean deletedExperimentRetention? "],
  ["colour", ""],
  ["x", ""],
  ["own", ""],
])("%s: %s", (typed, words) => {
  expect(suggestion(typed, ["team", "owner", "tier", "deletedExperimentRetention"])).toBe(words);
});

test("a part of several names suggests none of them", () => {
  expect(suggestion("Schedule", ["retentionSchedule", "staleRunsSchedule"])).toBe("");
  expect(suggestion("anything", [])).toBe("");
});
