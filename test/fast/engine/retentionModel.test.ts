import { expect, test } from "vitest";
import { Database, type Row } from "../../engine/support/instanceState.ts";
import { whatRemains } from "../../engine/support/retentionModel.ts";

// The model that the engine's tests hold the retention against: rules that need no instance to be
// seen.

const day = 24 * 3600 * 1000;
const now = Date.UTC(2026, 10, 29);

function database(given: Record<string, readonly Row[]>): Database {
  class Given extends Database {
    override entries(table: string) {
      return (given[table] ?? []).map((row) => ({ row, text: JSON.stringify(row) }));
    }
  }
  return new Given(new Map(Object.keys(given).map((table) => [table, []])));
}

const experiment = (id: number, stage: string): Row => ({
  experiment_id: id,
  artifact_location: `mlflow-artifacts:/${id}`,
  lifecycle_stage: stage,
  last_update_time: now - 40 * day,
});
const run = (id: string, uri: string): Row => ({
  run_uuid: id,
  experiment_id: 1,
  artifact_uri: `mlflow-artifacts:/${uri}`,
  lifecycle_stage: "deleted",
  deleted_time: now - 40 * day,
});
const judge = (given: Record<string, readonly Row[]>) => {
  const { removed, kept } = whatRemains(database(given), [], {
    now,
    retentionMs: 30 * day,
    bucket: "b",
  });
  return {
    removed: removed.map(({ id }) => id),
    kept: kept.map(({ id, reason }) => `${id} ${reason}`),
  };
};

test("a row that says it is in the whole folder of its experiment keeps only itself", () => {
  const given = {
    experiments: [experiment(1, "active")],
    runs: [run("odd", "1"), run("one", "1/one/artifacts")],
  };
  expect(judge(given)).toEqual({ removed: ["one"], kept: ["odd elsewhere"] });
});

test("a row in the folder of another run keeps that, too", () => {
  const given = {
    experiments: [experiment(1, "active")],
    runs: [run("odd", "1/one"), run("one", "1/one/artifacts")],
  };
  expect(judge(given)).toEqual({ removed: [], kept: ["odd elsewhere", "one overlaps"] });
});

test("the default experiment stays when it was deleted, and what is in another goes", () => {
  expect(judge({ experiments: [experiment(0, "deleted"), experiment(1, "deleted")] })).toEqual({
    removed: ["1"],
    kept: ["0 default-experiment"],
  });
});
