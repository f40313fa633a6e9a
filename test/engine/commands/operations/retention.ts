import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { name, stack } from "../../support/parcelForecast.ts";
import { runPython } from "../../support/python.ts";
import {
  client,
  eventsIn,
  expectUnchanged,
  jobs,
  keys,
  of,
  scratch,
  stageOf,
  state,
  type,
} from "./scene.ts";

export function retentionAndRestoring(): void {
  describe("retention", () => {
    it("lists in a dry run what goes, for people and for machines, and changes nothing", () =>
      expectUnchanged(async () => {
        const json = join(scratch, "plan.jsonl");
        const { code, output, notes } = await type([
          "retention",
          stack,
          name,
          "--dry-run",
          "--json",
          json,
        ]);
        expect({ code, notes }).toMatchObject({ code: 0 });
        for (const experiment of ["north depot", "south depot"]) {
          expect(output).toMatch(
            new RegExp(`^remove +run +${of(experiment).run} +1 object +1\\.1 KiB +deleted 20`, "m"),
          );
          expect(output).toMatch(
            new RegExp(`^remove +experiment +${of(experiment).experiment} .*"${experiment}"$`, "m"),
          );
        }
        expect(output).not.toContain("east depot");
        expect(output).toMatch(
          /^retention of parcel-forecast \(dry run: nothing was changed\), took \d+ s$/m,
        );
        const events = eventsIn(await readFile(json, "utf8"));
        const removed = events.flatMap(({ event, kind, id }) =>
          event === "remove" ? [`${String(kind)} ${String(id)}`] : [],
        );
        const expected = ["north depot", "south depot"].flatMap((each) => [
          `experiment ${of(each).experiment}`,
          `run ${of(each).run}`,
        ]);
        expect(removed.toSorted()).toEqual(expected.toSorted());
        expect(events.at(-1)).toMatchObject({ event: "summary", instance: name, dryRun: true });
      }));

    it("starts a Job that goes with its CronJob, isn't counted by its schedule, and says who asked for what", async () => {
      const job = (await jobs()).find(({ metadata }) => metadata.name.startsWith("retention-20"));
      expect(job.metadata.annotations["mlflow-instances/command"]).toBe(
        "mlflow-instance-retention --dry-run",
      );
      expect(job.metadata.annotations["mlflow-instances/requested-by"]).toMatch(/^\S+@\S+$/);
      expect(job.metadata.ownerReferences).toEqual([
        expect.objectContaining({ kind: "CronJob", name: "retention", controller: false }),
      ]);
      expect(job.spec).toMatchObject({
        backoffLimit: 0,
        ttlSecondsAfterFinished: expect.any(Number),
      });
    });

    it("leaves its Job running nowhere when a dry run is interrupted", async () => {
      let job = "";
      const { code, notes } = await type(["retention", stack, name, "--dry-run"], (notes, end) => {
        job = /^Job (\S+) /m.exec(notes)?.[1] ?? "";
        if (job !== "") end();
      });
      expect({ code, notes }).toMatchObject({
        code: 130,
        notes: expect.stringContaining(`job ${job} was deleted`),
      });
      await eventually(30_000, async () =>
        expect((await jobs()).map(({ metadata }) => metadata.name)).not.toContain(job),
      );
    });

    it("ends with 7 while another maintenance command works on the instance", async () => {
      await state.sql.query("select pg_advisory_lock(x'6D6C666C6F78'::bigint)");
      try {
        const { code, notes } = await type(["retention", stack, name]);
        expect({ code, notes }).toMatchObject({
          code: 7,
          notes: expect.stringContaining("Another maintenance command works on this instance"),
        });
      } finally {
        await state.sql.query("select pg_advisory_unlock_all()");
      }
      expect(await stageOf("south depot")).toBe("deleted");
    });
  });

  describe("restore-deleted", () => {
    it("takes an experiment back by its name, with its run, for the unmodified client", async () => {
      const { code, output, notes } = await type(["restore-deleted", stack, name, "north depot"]);
      expect({ code, notes }).toMatchObject({ code: 0 });
      expect(output).toMatch(
        new RegExp(`^restored +experiment +${of("north depot").experiment} +"north depot"$`, "m"),
      );
      const program = `
import mlflow
client = mlflow.MlflowClient()
print(client.get_experiment_by_name("north depot").lifecycle_stage, client.get_run("${of("north depot").run}").info.lifecycle_stage)
`;
      expect((await runPython(client.python, program, client)).output.trim()).toBe("active active");
    });

    it.each([
      ["what is not deleted", "north depot", /is not deleted/],
      [
        "what isn't known",
        "$(MLFLOW_BACKEND_STORE_URI); `id`",
        /no experiment, run or logged model .*\$\(MLFLOW_BACKEND_STORE_URI\); `id`/,
      ],
    ])("refuses %s", (_what, wanted, words) =>
      expectUnchanged(async () => {
        const { code, notes } = await type(["restore-deleted", stack, name, wanted]);
        expect(code).toBe(2);
        expect(notes).toMatch(words);
      }),
    );
  });

  describe("a real run of retention", () => {
    it("removes what the dry run listed and what nobody took back, and nothing else", async () => {
      const { code, output, notes } = await type(["retention", stack, name]);
      expect({ code, notes }).toMatchObject({ code: 0 });
      expect(output).toMatch(/^ {2}removed: 1 run, 1 experiment, 1 object, 1\.1 KiB$/m);
      expect(await stageOf("south depot")).toBeUndefined();
      expect(await stageOf("north depot")).toBe("active");
      expect(await stageOf("east depot")).toBe("active");
      expect(await keys(`artifacts/${of("south depot").experiment}/`)).toEqual([]);
      expect(await keys(`artifacts/${of("north depot").experiment}/`)).toHaveLength(1);
    });

    it("finds nothing more", async () => {
      const { code, output } = await type(["retention", stack, name, "--dry-run", "--json", "-"]);
      expect(code).toBe(0);
      expect(eventsIn(output).filter(({ event }) => event === "remove")).toEqual([]);
    });

    it("is named when what it removed is asked for", async () => {
      const { code, notes } = await type(["restore-deleted", stack, name, "south depot"]);
      expect({ code, notes }).toMatchObject({
        code: 2,
        notes: expect.stringMatching(/was removed for good by the retention run of 20/),
      });
    });
  });
}
