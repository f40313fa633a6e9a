import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { endOf } from "../../../../cli/endOfCommand.ts";
import { ExitCode } from "../../../../cli/exitCode.ts";
import type { Patience } from "../../../../cli/maintenance/job/job.ts";
import type { Outputs, Use } from "../../../../cli/maintenance/job/runJob.ts";
import { run } from "../../../../cli/maintenance/job/runJob.ts";
import { retention } from "../../../../cli/maintenance/retention.ts";
import type { Target } from "../../../../cli/maintenance/job/target.ts";
import { fakeCluster, pod, warning, type FakeCluster } from "./support/fakeCluster.ts";

// A command from its first request to its exit code, against an API server of the test's own. That
// a real cluster answers like it is the engine test's business.

const target: Target = {
  stack: "dev",
  instance: "shop",
  namespace: "mlflow-shop",
  place: { kubeconfig: "/k", context: "fake" },
};
// Far enough from what a busy machine takes; what waits for the end of one of them shortens that
// one.
const quick: Patience = { pollMs: 5, stuckMs: 300, startMs: 20_000, awayMs: 20_000 };

function outputs() {
  const lines = { people: [] as string[], machines: [] as string[], notes: [] as string[] };
  const sink = (to: string[]) => ({
    write: async (line: string) => void to.push(line),
    end: async () => undefined,
  });
  return {
    lines,
    sinks: {
      people: sink(lines.people),
      machines: sink(lines.machines),
      notes: sink(lines.notes),
      during: (_, work) => work(),
    } satisfies Outputs,
  };
}

async function runOn(
  fake: FakeCluster,
  {
    use = retention({ dryRun: true }),
    signal = new AbortController().signal,
    ...shorter
  }: { use?: Use; signal?: AbortSignal } & Partial<Patience> = {},
) {
  const { lines, sinks } = outputs();
  const result = await run(use, target, fake.cluster, sinks, { ...quick, ...shorter }, signal).then(
    (code) => ({ code, error: "" }),
    (error: unknown) => ({ code: endOf(error).exitCode, error: (error as Error).message }),
  );
  return { ...result, ...lines };
}

const summary = JSON.stringify({
  event: "summary",
  command: "retention",
  instance: "shop",
  dryRun: true,
  startedAt: "2026-11-22T02:17:00Z",
  finishedAt: "2026-11-22T02:17:04Z",
  removed: { runs: 1 },
});
const item = JSON.stringify({
  event: "remove",
  kind: "run",
  id: "r1",
  experiment: "7",
  deletedAt: "2026-10-01T00:00:00Z",
  objects: 3,
  bytes: 2048,
});
const stamped = (lines: readonly string[]) =>
  lines
    .map(
      (line, index) => `2026-11-22T02:17:0${Math.floor(index / 3)}.00000000${index % 3}Z ${line}\n`,
    )
    .join("");

test("shows the events, passes other lines on as notes and ends with the container's code", async () => {
  const fake = await fakeCluster({
    pod: pod({ terminated: { exitCode: 0 } }),
    log: (answer) => answer.end(stamped(["starting", item, '{"no": "event"}', summary])),
  });
  const { code, people, machines, notes, error } = await runOn(fake);
  expect({ code, error }).toEqual({ code: 0, error: "" });
  expect(people).toEqual([
    "remove    run            r1                                         3 objects    2.0 KiB    deleted 2026-10-01 00:00 UTC  in experiment 7",
    "",
    "retention of shop (dry run: nothing was changed), took 4 s",
    "  to be removed: 1 run",
  ]);
  expect(machines).toEqual([item, summary]);
  expect(notes).toEqual([
    expect.stringMatching(/^Job retention-\d{8}t\d{6}-[0-9a-f]{6} in namespace mlflow-shop$/),
    "starting",
    '{"no": "event"}',
  ]);
  expect(fake.deleted).toEqual([]);
});

test("makes one Job from the CronJob's template, with the command in place and owned without control", async () => {
  const fake = await fakeCluster({ log: (answer) => answer.end(stamped([summary])) });
  await runOn(fake);
  expect(fake.created).toHaveLength(1);
  const { metadata, spec } = fake.created[0]!;
  expect(metadata?.ownerReferences).toEqual([
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      name: "retention",
      uid: "11111111-2222-3333-4444-555555555555",
      controller: false,
      blockOwnerDeletion: false,
    },
  ]);
  expect(metadata?.annotations).toMatchObject({
    "mlflow-instances/command": "mlflow-instance-retention --dry-run",
    "mlflow-instances/requested-by": expect.stringContaining("@"),
  });
  expect(spec).toMatchObject({
    backoffLimit: 0,
    ttlSecondsAfterFinished: 86_400,
    activeDeadlineSeconds: 14_400,
  });
  const [container] = spec!.template.spec!.containers;
  expect(container).toEqual({
    name: "maintenance",
    image: "registry.example.com/tracking-server:1",
    command: ["mlflow-instance-retention", "--dry-run"],
    env: [{ name: "MLFLOW_INSTANCE_NAME", value: "shop" }],
  });
});

test.each([
  [1, /could not work/, ExitCode.Failed],
  [2, /refused its settings/, ExitCode.Wrong],
  [3, /Something was left/, ExitCode.Left],
  [4, /Another maintenance command/, ExitCode.Locked],
])("the container's exit code %i means %s", async (exitCode, words, own) => {
  const fake = await fakeCluster({
    pod: pod({ terminated: { exitCode } }),
    log: (answer) => answer.end(stamped(["why"])),
  });
  const { code, notes } = await runOn(fake);
  expect(code).toBe(own);
  expect(notes.at(-1)).toMatch(words);
  expect(notes).toContain("why");
});

test.each([
  [{ exitCode: 137, reason: "OOMKilled" }, /more memory than its limit/],
  [
    { exitCode: 128, reason: "StartError", message: "exec: not found" },
    /exit code 128: exec: not found/,
  ],
])(
  "an end that isn't the command's own is worth a retry and is explained (%o)",
  async (terminated, words) => {
    const fake = await fakeCluster({ pod: pod({ terminated }) });
    const { code, notes } = await runOn(fake);
    expect(code).toBe(1);
    expect(notes.at(-1)).toMatch(words);
  },
);

test("an evicted pod that has no container any more is explained", async () => {
  const gone = pod(undefined, {
    phase: "Failed",
    reason: "Evicted",
    message: "The node was low on memory.",
  });
  const fake = await fakeCluster({
    pod: gone,
    first: (_method, path, answer) => path.endsWith("/log") && !!answer.writeHead(400).end("{}"),
  });
  const { code, notes } = await runOn(fake);
  expect(code).toBe(1);
  expect(notes.at(-1)).toContain("Evicted: The node was low on memory.");
});

test("a pod that its node was drained of is replaced, and the Job's end is that of the next one", async () => {
  const condition = { type: "DisruptionTarget", status: "True" };
  const drained = pod(
    { terminated: { exitCode: 143 } },
    { phase: "Failed", conditions: [condition] },
  );
  const fake = await fakeCluster({
    pod: drained,
    log: (answer) => {
      const replaced = fake.script.pod !== drained;
      answer.end(replaced ? `2026-11-22T02:30:00.0Z ${summary}` : "");
      fake.script.pod = pod({ terminated: { exitCode: 0 } });
    },
  });
  const { code, machines } = await runOn(fake);
  expect({ code, machines }).toEqual({ code: 0, machines: [summary] });
});

test("a Job that ran into its limit of time, and whose pod is gone, is explained", async () => {
  const fake = await fakeCluster({
    pod: undefined,
    jobConditions: [{ type: "Failed", status: "True", reason: "DeadlineExceeded", message: "m" }],
  });
  const { code, notes } = await runOn(fake, { use: retention({ dryRun: false }) });
  expect(code).toBe(1);
  expect(notes.at(-1)).toBe(
    "The command didn't come to its end: it took longer than its limit of 14400 s. What was done is done; the next run goes on with the rest.",
  );
});

test("a list without its summary never counts as complete", async () => {
  const fake = await fakeCluster({ log: (answer) => answer.end(stamped([item])) });
  const { code, notes } = await runOn(fake);
  expect(code).toBe(1);
  expect(notes.at(-1)).toMatch(/last line is missing/);
});

test("a log that breaks off is taken up again, with no line lost and none twice", async () => {
  const items = Array.from({ length: 9 }, (_, index) =>
    JSON.stringify({ event: "orphan", key: `k${index}`, bytes: 1, modified: "m" }),
  );
  const all = stamped([...items, summary]);
  const queries: (string | null)[] = [];
  const fake = await fakeCluster({
    pod: pod({ running: {} }),
    log: (answer, query) => {
      queries.push(query.get("sinceTime"));
      if (queries.length === 1) {
        // Five whole lines and a half one, and the connection is cut.
        answer.write(all.slice(0, all.indexOf("k5") + 1));
        setTimeout(() => answer.destroy(), 20);
        return;
      }
      fake.script.pod = pod({ terminated: { exitCode: 0 } });
      const since = Date.parse(query.get("sinceTime") ?? "");
      answer.end(
        all
          .split("\n")
          .filter((line) => line !== "" && Date.parse(line.slice(0, 19) + "Z") >= since)
          .join("\n"),
      );
    },
  });
  const { code, machines } = await runOn(fake);
  expect(code).toBe(0);
  expect(machines).toEqual([...items, summary]);
  // The first request takes everything, the next ones begin a second before that of the last whole
  // line (index 4).
  expect(queries.slice(0, 2)).toEqual([null, "2026-11-22T02:17:00.000Z"]);
});

test("a short absence of the API server while the job runs is waited for", async () => {
  let refusals = 3;
  const fake = await fakeCluster({
    log: (answer) => answer.end(stamped([summary])),
    first: (_method, path, answer) =>
      path.endsWith("/pods") && refusals-- > 0 && !!answer.writeHead(503).end("{}"),
  });
  expect((await runOn(fake)).code).toBe(0);
});

test("a line whose stamp is earlier than that of the line before it is not lost: the container's two streams are stamped apart", async () => {
  const fake = await fakeCluster({
    log: (answer) =>
      answer.end(
        `2026-11-22T02:17:00.000000002Z note\n2026-11-22T02:17:00.000000001Z ${item}\n2026-11-22T02:17:04.0Z ${summary}\n`,
      ),
  });
  expect((await runOn(fake)).machines).toEqual([item, summary]);
});

test("a name arrives whole, where its bytes come in two pieces and where it holds a line separator", async () => {
  const named = JSON.stringify({ event: "restored", kind: "run", id: "r", name: "Köln\u2028東京" });
  const bytes = Buffer.from(stamped([named, summary]));
  const fake = await fakeCluster({
    log: (answer) => {
      const inside = bytes.indexOf("ö") + 1;
      answer.write(bytes.subarray(0, inside));
      setTimeout(() => answer.end(bytes.subarray(inside)), 50);
    },
  });
  const { machines, people } = await runOn(fake);
  expect(machines).toEqual([named, summary]);
  expect(people[0]).toMatch(/"Köln\\u\{2028\}東京"$/);
});

test("a job that is lost sight of goes on, and the way back to it is said", async () => {
  const fake = await fakeCluster({
    first: (_method, path, answer) => path.endsWith("/pods") && !!answer.writeHead(503).end("{}"),
  });
  const { code, error } = await runOn(fake, { use: retention({ dryRun: false }), awayMs: 100 });
  expect(code).toBe(1);
  expect(error).toMatch(
    /^Lost sight of job retention-\S+, which goes on: .* says: HTTP 503\. Its log: kubectl .* logs --follow job\/retention-/,
  );
  expect(fake.deleted).toEqual([]);
});

test("10,000 lines stream: the first is shown while the rest is still to come", async () => {
  const lines = Array.from({ length: 10_000 }, (_, index) =>
    JSON.stringify({ event: "orphan", key: `key-${index}`, bytes: 1, modified: "m" }),
  );
  const stamps = lines.map(
    (line, index) => `2026-11-22T02:17:00.${String(index).padStart(9, "0")}Z ${line}\n`,
  );
  let firstShown = false;
  const shown: string[] = [];
  const fake = await fakeCluster({
    log: (answer) => {
      answer.write(stamps[0]);
      void vi
        .waitFor(() => expect(firstShown).toBe(true))
        .then(() => answer.end(stamps.slice(1).join("") + `2026-11-22T02:18:00.0Z ${summary}\n`));
    },
  });
  const people = {
    write: async (line: string) => {
      firstShown = true;
      shown.push(line);
    },
    end: async () => undefined,
  };
  const notes = { write: async () => undefined, end: async () => undefined };
  const code = await run(
    retention({ dryRun: true }),
    target,
    fake.cluster,
    { people, machines: undefined, notes, during: (_, work) => work() },
    quick,
    new AbortController().signal,
  );
  expect(code).toBe(0);
  expect(shown.filter((line) => line.startsWith("orphan"))).toHaveLength(10_000);
  expect(shown.at(-1)).toBe("  to be removed: 1 run");
});

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

test("an interrupted dry run deletes its Job", async () => {
  const interruption = new AbortController();
  const fake = await fakeCluster({
    pod: pod({ running: {} }),
    log: (answer) => void answer.write(stamped([item])),
  });
  const running = runOn(fake, { signal: interruption.signal });
  await vi.waitFor(() =>
    expect(fake.requests.some((request) => request.endsWith("/log"))).toBe(true),
  );
  interruption.abort();
  const { code, notes } = await running;
  expect(code).toBe(130);
  expect(fake.deleted).toEqual([fake.created[0]?.metadata?.name]);
  expect(notes.at(-1)).toMatch(/was deleted\. Nothing was changed\.$/);
});

test("an interrupted removal leaves its Job running and says how to follow it", async () => {
  const interruption = new AbortController();
  const fake = await fakeCluster({
    pod: pod({ running: {} }),
    log: (answer) => void answer.write(stamped([item])),
  });
  const running = runOn(fake, { use: retention({ dryRun: false }), signal: interruption.signal });
  await vi.waitFor(() =>
    expect(fake.requests.some((request) => request.endsWith("/log"))).toBe(true),
  );
  interruption.abort();
  const { code, notes } = await running;
  expect(code).toBe(130);
  expect(fake.deleted).toEqual([]);
  expect(notes.at(-1)).toContain(
    `kubectl --kubeconfig /k --context fake --namespace mlflow-shop logs --follow job/${fake.created[0]?.metadata?.name}`,
  );
});

test("an interruption while the Job is being made takes it back, even a removal", async () => {
  const interruption = new AbortController();
  const fake = await fakeCluster({
    first: (method, path) => {
      if (method === "POST" && path.endsWith("/jobs")) interruption.abort();
      return false;
    },
  });
  const { code } = await runOn(fake, {
    use: retention({ dryRun: false }),
    signal: interruption.signal,
  });
  expect(code).toBe(130);
  expect(fake.deleted).toEqual([fake.created[0]?.metadata?.name]);
});

test.each([
  ["is taken back", true, /Nothing was changed\.$/],
  [
    "is named when it can't be taken back",
    false,
    /It may run all the same: job retention-\S+ in namespace mlflow-shop\.$/,
  ],
])("a Job that was asked for and never confirmed %s", async (_what, deletable, words) => {
  const fake = await fakeCluster(
    {
      first: (method, path) =>
        (method === "POST" && path.endsWith("/jobs")) || (method === "DELETE" && !deletable),
    },
    200,
  );
  const { code, error } = await runOn(fake, { use: retention({ dryRun: false }) });
  expect(code).toBe(1);
  expect(error).toMatch(words);
  expect(fake.requests.at(-1)).toMatch(/^DELETE .*\/jobs\/retention-/);
});

test("a refused confirmation makes nothing", async () => {
  const fake = await fakeCluster();
  const confirm = () => Promise.reject(new Error("no"));
  const { error } = await runOn(fake, { use: { ...retention({ dryRun: false }), confirm } });
  await sleep(10);
  expect(error).toBe("no");
  expect(fake.created).toEqual([]);
});
