import { endOf } from "../../../../../cli/endOfCommand.ts";
import type { Patience } from "../../../../../cli/job/job.ts";
import type { Outputs, Use } from "../../../../../cli/job/runJob.ts";
import { run } from "../../../../../cli/job/runJob.ts";
import type { Target } from "../../../../../cli/job/target.ts";
import { retention } from "../../../../../cli/maintenance/retention.ts";
import type { FakeCluster } from "./fakeCluster.ts";

// A command from its first request to its exit code, and lines of its log.

export const target: Target = {
  stack: "dev",
  instance: "shop",
  namespace: "mlflow-shop",
  place: { kubeconfig: "/k", context: "fake" },
};
// Far enough from what a busy machine takes; what waits for the end of one of them shortens that
// one.
export const quick: Patience = { pollMs: 5, stuckMs: 300, startMs: 20_000, awayMs: 20_000 };

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

export async function runOn(
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

export const summary = JSON.stringify({
  event: "summary",
  command: "retention",
  instance: "shop",
  dryRun: true,
  startedAt: "2026-11-22T02:17:00Z",
  finishedAt: "2026-11-22T02:17:04Z",
  removed: { runs: 1 },
});
export const item = JSON.stringify({
  event: "remove",
  kind: "run",
  id: "r1",
  experiment: "7",
  deletedAt: "2026-10-01T00:00:00Z",
  objects: 3,
  bytes: 2048,
});
export const stamped = (lines: readonly string[]) =>
  lines
    .map(
      (line, index) => `2026-11-22T02:17:0${Math.floor(index / 3)}.00000000${index % 3}Z ${line}\n`,
    )
    .join("");
