import { describe, expect, it } from "vitest";
import { differences } from "../support/difference.ts";
import type { Finished, Line } from "../support/maintenanceJob.ts";
import { interrupted } from "./retention/interrupted.ts";
import {
  differencesFromModel,
  expected,
  jobs,
  keysOf,
  openPlans,
  predict,
  seeded,
  setScene,
  state,
} from "./retention/scene.ts";
import { withoutLifecycle } from "./retention/withoutLifecycle.ts";

/**
 * Retention on a real instance: 300 runs and more in 30 experiments, written by the unmodified
 * client, and a model, independent of the job's code, of what must remain. After every run of the
 * job, also after those that were killed or lost a service, all rows and all keys equal the model.
 */

setScene();

const lineOf = (line: Line, ...fields: readonly string[]): string =>
  fields.map((field) => `${field} ${JSON.stringify(line[field])}`).join(", ");
const removals = ({ lines }: Finished): string[] =>
  lines.flatMap((line) =>
    line.event === "remove" ? [lineOf(line, "kind", "id", "objects", "bytes")] : [],
  );
const keeps = ({ lines }: Finished): string[] =>
  lines.flatMap((line) => (line.event === "keep" ? [lineOf(line, "kind", "id", "reason")] : []));
const sorted = (texts: readonly string[]): string[] => texts.toSorted();

describe("the model of what must remain", () => {
  it("agrees with what was said of single runs, models, traces and experiments when they were made", () => {
    const gone = new Set(expected.removed.map(({ kind, id }) => `${kind} ${id}`));
    expect(seeded.stays.filter(([kind, id]) => gone.has(`${kind} ${id}`))).toEqual([]);
    expect(seeded.goes.filter(([kind, id]) => !gone.has(`${kind} ${id}`))).toEqual([]);
    expect([seeded.stays.length > 100, seeded.goes.length > 150]).toEqual([true, true]);
  });

  it("has every kind of thing that goes, every reason to stay, and an instance of the promised size", async () => {
    const database = await state.database();
    const counts = [
      database.rows("runs").length >= 300,
      database.rows("experiments").length >= 20,
      database.rows("registered_models").length,
    ];
    expect(counts).toEqual([true, true, 10]);
    expect(new Set(expected.removed.map(({ kind }) => kind))).toEqual(
      new Set(["run", "loggedModel", "trace", "experiment"]),
    );
    expect(new Set(expected.kept.map(({ reason }) => reason))).toEqual(
      new Set([
        "registered",
        "keep-tag",
        "recent",
        "not-in-bucket",
        "unknown-deletion-time",
        "holds-kept",
      ]),
    );
    const shrinking = [...expected.rows]
      .filter(([table, rows]) => rows.length > 0 && rows.length < database.rows(table).length)
      .map(([table]) => table);
    // Of each of these some rows go and some stay.
    expect(shrinking).toEqual(
      expect.arrayContaining([
        "assessments",
        "datasets",
        "entity_associations",
        "experiment_tags",
        "experiments",
        "input_tags",
        "inputs",
        "issues",
      ]),
    );
    expect(shrinking).toEqual(
      expect.arrayContaining([
        "latest_metrics",
        "logged_model_metrics",
        "logged_model_params",
        "logged_model_tags",
        "logged_models",
      ]),
    );
    expect(shrinking).toEqual(
      expect.arrayContaining([
        "metrics",
        "params",
        "runs",
        "scorers",
        "spans",
        "tags",
        "trace_info",
        "trace_tags",
      ]),
    );
  });
});

describe("a run of the job", () => {
  let dry: Finished;

  it("as a dry run lists what goes and what stays and why, and changes nothing", async () => {
    const before = await state.database();
    const keys = keysOf(await state.objects());
    dry = await jobs.run({ args: ["--dry-run"] });
    expect(dry.exitCode, dry.output).toBe(0);
    expect(sorted(removals(dry))).toEqual(
      sorted(
        expected.removed.map(({ kind, id, keys: own, bytes }) =>
          lineOf(
            { event: "remove", kind, id, objects: own.length, bytes },
            "kind",
            "id",
            "objects",
            "bytes",
          ),
        ),
      ),
    );
    expect(sorted(keeps(dry))).toEqual(
      sorted(
        expected.kept.map((kept) => lineOf({ event: "keep", ...kept }, "kind", "id", "reason")),
      ),
    );
    expect(differences((await state.database()).texts(), before.texts())).toEqual([]);
    expect(keysOf(await state.objects())).toEqual(keys);
  });

  it("leaves exactly the rows and the keys of the model, and reports what the dry run had listed", async () => {
    const real = await jobs.run();
    expect(real.exitCode, real.output).toBe(0);
    expect(await differencesFromModel()).toEqual([]);
    expect(real.summary).toMatchObject({
      event: "summary",
      dryRun: false,
      removed: dry.summary["removed"],
      kept: dry.summary["kept"],
      failed: 0,
    });
    expect(await openPlans()).toEqual([]);
  });

  it("after it the champion whose experiment was deleted still loads and predicts", async () => {
    expect(await predict()).toEqual([2, 4, 42]);
  });

  it("removes nothing when it runs again", async () => {
    const again = await jobs.run();
    expect(again.exitCode, again.output).toBe(0);
    expect(again.summary["removed"]).toEqual({
      runs: 0,
      loggedModels: 0,
      traces: 0,
      experiments: 0,
      objects: 0,
      bytes: 0,
    });
    expect(await differencesFromModel()).toEqual([]);
  });
});

interrupted();
withoutLifecycle();
