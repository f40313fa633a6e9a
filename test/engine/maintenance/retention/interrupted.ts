import { describe, expect, it } from "vitest";
import { platformStatus, startPlatform } from "../../../../local/platform/index.ts";
import { silentReport } from "../../../../local/report.ts";
import { engineContext } from "../../support/context.ts";
import { randomNumbers } from "../../support/random.ts";
import {
  differencesFromModel,
  expected,
  interruptions,
  jobs,
  keysOf,
  openPlans,
  state,
} from "./scene.ts";

// Each takes two pods and a copy of the database, 10 s and more on a busy machine. That every single
// step can be the last one is shown without pods, in images/tracking-server/tests.
const kills = 8;

/**
 * A run that still has its row has all of its files, too, unless somebody else's hands were at
 * work: nobody sees half of it.
 */
async function halfRemoved(): Promise<string[]> {
  const rows = new Set((await state.database()).rows("runs").map((row) => String(row["run_uuid"])));
  const keys = new Set(keysOf(await state.objects()));
  return expected.removed.flatMap(({ kind, id, keys: own }) =>
    kind === "run" && rows.has(id) && own.some((key) => !keys.has(key)) ? [id] : [],
  );
}

async function secondRunEndsAsTheModelSays(): Promise<void> {
  const second = await jobs.run();
  expect(second.exitCode, second.output).toBe(0);
  expect(await differencesFromModel()).toEqual([]);
  expect(await openPlans()).toEqual([]);
}

export function interrupted(): void {
  describe("a job that is killed", () => {
    it(`ends in the same state with the next run, at each of ${kills} random points`, async () => {
      const seed = Number(
        process.env["MLFLOW_INSTANCES_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31),
      );
      const random = randomNumbers(seed);
      const { life, removal } = await interruptions.measure();
      const told: string[] = [];
      let inTheMiddle = 0;
      for (let round = 0; round < kills; round += 1) {
        // A quarter of the points lies in the whole life, the others after the plan is written;
        // each in a part of its own.
        const part = (round + random()) / kills;
        const since = round % 4 === 0 ? "start" : "plan";
        let point = part * (since === "start" ? life : removal);
        for (;;) {
          const { job } = await interruptions.kill(since, point);
          const open = (await openPlans()).length > 0;
          expect(await halfRemoved()).toEqual([]);
          // The cluster notices the end of the first pod while it starts the second.
          const [{ exitCode }] = await Promise.all([jobs.end(job), secondRunEndsAsTheModelSays()]);
          const killed = exitCode === 137;
          if (killed && open) inTheMiddle += 1;
          told.push(
            `${since} + ${point.toFixed(0)} ms${killed ? (open ? "" : ", before or after") : ", had ended"}`,
          );
          // Some runs are quicker than the measured one: an end is no kill, so the round is done
          // again with an earlier point.
          if (killed) break;
          point *= 0.6;
        }
      }
      console.log(
        `seed ${seed} (MLFLOW_INSTANCES_TEST_SEED repeats it); undisturbed the job lives ${life.toFixed(0)} ms and removes for ${removal.toFixed(0)} ms of it; ` +
          `${kills} killed, ${inTheMiddle} of them in the middle: ${told.join("; ")}`,
      );
      expect(inTheMiddle).toBeGreaterThanOrEqual(kills / 2);
    });
  });

  describe("a service that goes away in the middle", () => {
    it.each(["object-store", "postgresql"])(
      "%s: the job ends non-zero, and the next run ends in the same state",
      async (service) => {
        // The job stands still until the service is gone: else it might end before.
        const { job, pid } = await interruptions.startAndStop();
        const found = (await platformStatus(engineContext().platform.profile)).find(
          (each) => each.name === service,
        )?.pid;
        if (found === undefined) throw new Error(`${service} does not run`);
        process.kill(found, "SIGKILL");
        process.kill(pid, "SIGCONT");
        const ended = await jobs.end(job);
        await startPlatform(engineContext().platform.profile, silentReport);
        await state.reconnect();
        expect(ended.exitCode, ended.output).toBeGreaterThan(0);
        expect(await openPlans()).not.toEqual([]);
        expect(await halfRemoved()).toEqual([]);
        await secondRunEndsAsTheModelSays();
      },
    );
  });
}
