import { expect, test, vi } from "vitest";
import { retention } from "../../../../cli/maintenance/retention.ts";
import { fakeCluster, pod } from "./support/fakeCluster.ts";
import { item, runOn, stamped } from "./support/runOn.ts";

// An interrupted command, and one that never heard whether its Job was made: whether the Job stays.

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
