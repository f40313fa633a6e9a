import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { retention } from "../../../../cli/maintenance/retention.ts";
import { fakeCluster, pod, warning } from "./support/fakeCluster.ts";
import { quick, runOn, stamped, summary } from "./support/runOn.ts";

// What keeps a Job from its start, and that nothing of it is left then.

test.each([
  [
    "an image that can't be pulled",
    pod({ waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "x"' } }),
    [],
    /ImagePullBackOff: Back-off pulling image "x"/,
  ],
  [
    "a quota",
    undefined,
    [warning("FailedCreate", "exceeded quota: mlflow, requested: pods=1")],
    /FailedCreate: exceeded quota: mlflow/,
  ],
  [
    "an admission check",
    undefined,
    [warning("FailedCreate", 'violates PodSecurity "restricted:latest"')],
    /violates PodSecurity/,
  ],
  [
    "a missing secret",
    pod({ waiting: { reason: "ContainerCreating" } }),
    [warning("FailedMount", 'secret "x" not found')],
    /FailedMount: secret "x" not found/,
  ],
])(
  "a pod that can't start because of %s ends soon, with the cluster's words and without the Job",
  async (_what, waiting, events, words) => {
    const fake = await fakeCluster({ pod: waiting, events });
    const start = Date.now();
    const { code, error } = await runOn(fake);
    expect(code).toBe(1);
    expect(error).toMatch(words);
    expect(error).toContain("nothing was changed");
    expect(fake.deleted).toEqual([fake.created[0]?.metadata?.name]);
    expect(Date.now() - start).toBeLessThan(quick.startMs);
  },
);

test("a pod that waits for room has the long limit, and says so meanwhile", async () => {
  const unscheduled = pod(undefined, {
    conditions: [
      { type: "PodScheduled", status: "False", message: "0/1 nodes: Insufficient memory" },
    ],
  });
  const fake = await fakeCluster({ pod: unscheduled });
  const start = Date.now();
  const { error, notes } = await runOn(fake, { startMs: 500 });
  expect(error).toContain("a node: 0/1 nodes: Insufficient memory");
  expect(notes).toContain("waiting for a node: 0/1 nodes: Insufficient memory");
  expect(Date.now() - start).toBeGreaterThanOrEqual(500);
});

test("a start that is stuck only for a moment goes on", async () => {
  const fake = await fakeCluster({
    pod: undefined,
    events: [warning("FailedCreate", "quota")],
    log: (answer) => answer.end(stamped([summary])),
  });
  setTimeout(() => (fake.script.pod = pod({ terminated: { exitCode: 0 } })), quick.stuckMs / 2);
  expect((await runOn(fake)).code).toBe(0);
});

test("an instance without the CronJob is not deployed, and nothing is made", async () => {
  const fake = await fakeCluster({ cronJob: undefined });
  const { code, error } = await runOn(fake);
  expect(code).toBe(2);
  expect(error).toMatch(
    /^Instance shop is not deployed with its maintenance: namespace mlflow-shop on .* has no CronJob retention\. Run `pulumi up --stack dev`; one whose file says `delete:` has none any more\.$/,
  );
  expect(fake.created).toEqual([]);
});

test("missing rights are all named before anything is made", async () => {
  const fake = await fakeCluster({ refused: ["create jobs", "get pods/log"] });
  const { code, error } = await runOn(fake);
  expect(code).toBe(1);
  expect(error).toMatch(
    /^No right on .*, namespace mlflow-shop, to create jobs\.batch, get pods\/log\.$/,
  );
  expect(fake.created).toEqual([]);
});

test("a refused read of the CronJob says which verb on what", async () => {
  const message =
    'cronjobs.batch "retention" is forbidden: User "eve" cannot get resource "cronjobs" in API group "batch"';
  const fake = await fakeCluster({
    first: (_method, path, answer) =>
      path.includes("/cronjobs/") && !!answer.writeHead(403).end(JSON.stringify({ message })),
  });
  const { code, error } = await runOn(fake);
  expect(code).toBe(1);
  expect(error).toContain(message);
});

test("an API server that answers nothing is given up within the limit", async () => {
  const fake = await fakeCluster({ first: () => true }, 100);
  const { code, error } = await runOn(fake);
  expect(code).toBe(1);
  expect(error).toMatch(/^no answer from the cluster of context fake \(.*\) within 0\.1 s$/);
});

test("a refused confirmation makes nothing", async () => {
  const fake = await fakeCluster();
  const confirm = () => Promise.reject(new Error("no"));
  const { error } = await runOn(fake, { use: { ...retention({ dryRun: false }), confirm } });
  await sleep(10);
  expect(error).toBe("no");
  expect(fake.created).toEqual([]);
});
