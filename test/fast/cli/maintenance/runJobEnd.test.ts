import { expect, test } from "vitest";
import { ExitCode } from "../../../../cli/exitCode.ts";
import { retention } from "../../../../cli/maintenance/retention.ts";
import { fakeCluster, pod } from "./support/fakeCluster.ts";
import { item, runOn, stamped, summary } from "./support/runOn.ts";

// How the end of a Job and of its pods becomes an exit code and words.

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
