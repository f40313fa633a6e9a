import { expect, test } from "vitest";
import { guarded, type GuardOptions } from "../../../../../cli/changes/rollout/guard.ts";
import type { Pod } from "../../../../../cli/changes/rollout/objects.ts";
import type { Observation } from "../../../../../cli/changes/rollout/watch.ts";

const broken = (uid: string, reason = "ImagePullBackOff"): Pod => ({
  metadata: { name: `mlflow-${uid}`, uid },
  status: {
    containerStatuses: [
      { name: "server", ready: false, state: { waiting: { reason, message: "not found" } } },
    ],
  },
});
const healthy = (uid: string): Pod => ({
  metadata: { name: `mlflow-${uid}`, uid },
  status: {
    phase: "Running",
    containerStatuses: [{ name: "server", ready: true, started: true, state: { running: {} } }],
  },
});

/**
 * Runs work that lasts for `seconds` of a clock that goes 10 s with each look; what is seen follows
 * from the time.
 */
async function watched(
  seconds: number,
  seen: (now: number) => readonly Pod[] | undefined,
  more: Partial<GuardOptions> = {},
) {
  let now = 0;
  let over: () => void = () => undefined;
  const done = new Promise<string>((resolve) => (over = () => resolve("done")));
  const look = async (): Promise<Observation | undefined> => {
    const pods = seen(now);
    now += 10;
    if (now >= seconds) over();
    return pods === undefined ? undefined : { pods, events: [] };
  };
  const work = (signal: AbortSignal) =>
    Promise.race([
      done,
      new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("ended"))),
    ]);
  const guard = await guarded(work, {
    instances: ["shop"],
    look,
    everySeconds: 0.001,
    clock: () => now,
    ...more,
  });
  return { ...guard, now };
}

test("ends the work once a new pod has the same reason for as long as its grace, and says which, why and for how long", async () => {
  const { result, ended, now } = await watched(1_000, (now) =>
    now < 30 ? [] : [broken("a", now % 20 === 0 ? "ErrImagePull" : "ImagePullBackOff")],
  );
  expect(result).toBe("ended");
  expect(ended).toEqual([
    "shop: pod mlflow-a, container server: ImagePullBackOff: not found (for 60 s)",
  ]);
  expect(now).toBeLessThan(130);
});

test("leaves work alone whose pods come up in the end: a slow pull, another reason in between, a look that fails", async () => {
  const phases: [number, readonly Pod[] | undefined][] = [
    [20, [broken("a")]],
    [60, undefined],
    [70, [broken("a", "ContainerCreating")]],
    [110, [broken("a")]],
    [400, [healthy("a")]],
  ];
  const { result, ended, obstacles } = await watched(300, (now) =>
    now === 0 ? [] : phases.find(([until]) => now < until)?.[1],
  );
  expect([result, ended, obstacles]).toEqual(["done", [], []]);
});

test("the broken pod of before doesn't end the update that replaces it, and alone it does, later", async () => {
  const mending = await watched(400, (now) =>
    now < 50 ? [broken("old")] : [broken("old"), healthy("new")],
  );
  expect([mending.result, mending.ended]).toEqual(["done", []]);
  const still = await watched(1_000, () => [broken("old")]);
  expect(still.result).toBe("ended");
  expect(still.now).toBeGreaterThan(120);
  expect(still.now).toBeLessThan(180);
});

test("work that ends by itself is given what kept its pods from running", async () => {
  const { result, ended, obstacles } = await watched(50, (now) => (now === 0 ? [] : [broken("a")]));
  expect([result, ended]).toEqual(["done", []]);
  expect(obstacles).toEqual([
    expect.stringMatching(/^shop: pod mlflow-a, container server: ImagePullBackOff: not found/),
  ]);
});

test("work that throws is thrown, and nobody looks any more", async () => {
  let looks = 0;
  const look = async () => {
    looks++;
    return { pods: [], events: [] };
  };
  await expect(
    guarded(() => Promise.reject(new Error("wrong")), {
      instances: ["shop"],
      look,
      everySeconds: 0.001,
    }),
  ).rejects.toThrow("wrong");
  const before = looks;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(looks).toBe(before);
});
