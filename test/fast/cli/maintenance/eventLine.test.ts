import { expect, test } from "vitest";
import { eventIn } from "../../../../cli/job/events.ts";
import { lineOf } from "../../../../cli/job/eventLine.ts";
import { summaryLines } from "../../../../cli/job/summaryLines.ts";

const run = "0123456789abcdef0123456789abcdef";
const lineFor = (event: Record<string, unknown>) => {
  const read = eventIn(JSON.stringify(event));
  if (read === undefined) throw new Error(`not an event: ${JSON.stringify(event)}`);
  return lineOf(read);
};
const columns = (event: Record<string, unknown>) => lineFor(event)?.split(/ {2,}/);

test("what goes: kind, id, volume, when it was deleted, name", () => {
  const event = {
    event: "remove",
    kind: "run",
    id: run,
    name: "brisk-fox",
    experiment: "12",
    deletedAt: "2026-10-01T02:17:00Z",
  };
  expect(columns({ ...event, objects: 1204, bytes: 3 * 2 ** 30 })).toEqual([
    "remove",
    "run",
    run,
    "1,204 objects",
    "3.0 GiB",
    "deleted 2026-10-01 02:17 UTC",
    '"brisk-fox" in experiment 12',
  ]);
  expect(
    columns({ event: "remove", kind: "loggedModel", id: "m-1", objects: 1, bytes: 0 }),
  ).toEqual(["remove", "logged model", "m-1", "1 object", "0 B"]);
});

test.each([
  [
    "registered",
    "model fraud version 3, alias champion",
    "registered: model fraud version 3, alias champion",
  ],
  ["keep-tag", undefined, 'tag "keep"'],
  ["recent", "2026-12-01T02:17:00Z", "its grace ends 2026-12-01 02:17 UTC"],
  [
    "recent",
    "started 2026-11-22T01:00:00Z, judged from later",
    "recent: started 2026-11-22T01:00:00Z, judged from later",
  ],
  [
    "not-in-bucket",
    "s3://other/1",
    "its artifacts lie outside of this instance's bucket: s3://other/1",
  ],
  ["unknown-deletion-time", undefined, "no time of deletion is known"],
  ["holds-kept", undefined, "holds something that is kept"],
  ["keep-running", undefined, 'tag "keep-running"'],
  ["a-reason-of-the-future", undefined, "a-reason-of-the-future"],
])("what is kept says why: %s", (reason, because, words) => {
  const event = {
    event: "keep",
    kind: "experiment",
    id: "12",
    experiment: "12",
    name: "churn",
    reason,
    ...(because === undefined ? {} : { because }),
  };
  expect(columns(event)).toEqual(["keep", "experiment", "12", words, '"churn"']);
});

test("the other events", () => {
  expect(columns({ event: "fail", kind: "run", id: run, message: "S3: slow down" })).toEqual([
    "FAILED",
    "run",
    run,
    "S3: slow down",
  ]);
  expect(columns({ event: "fail", message: "x" })).toEqual(["FAILED", "x"]);
  expect(columns({ event: "sweep", what: "uploads", objects: 2, bytes: 10 })).toEqual([
    "sweep",
    "aborted uploads past 7 days",
    "2 objects",
    "10 B",
  ]);
  expect(
    columns({
      event: "orphan",
      key: "artifacts/7/x y",
      bytes: 2048,
      modified: "2026-10-01T02:17:00Z",
    }),
  ).toEqual(["orphan", "2.0 KiB", "of 2026-10-01 02:17 UTC", "artifacts/7/x y"]);
  expect(
    columns({
      event: "missing",
      kind: "modelVersion",
      id: "fraud/3",
      location: "mlflow-artifacts:/7",
    }),
  ).toEqual(["missing", "model version", "fraud/3", "no object at mlflow-artifacts:/7"]);
  expect(columns({ event: "stale", id: run, experiment: "7", reason: "RUNNING since …" })).toEqual([
    "stale",
    "run",
    run,
    "RUNNING since …",
    "in experiment 7",
  ]);
  expect(columns({ event: "restored", kind: "experiment", id: "7", name: "churn" })).toEqual([
    "restored",
    "experiment",
    "7",
    '"churn"',
  ]);
});

test("a hostile name stays one line without control characters", () => {
  const line = lineFor({
    event: "restored",
    kind: "run",
    id: "r",
    name: 'x"\nremove  run\u001b[2J',
  });
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(line?.split("\n")).toHaveLength(1);
});

test.each([
  "",
  "{",
  "{}",
  "[]",
  '{"event":"other"}',
  '{"event":"remove"}',
  '{"event":"orphan","key":1}',
  ' {"event":"fail","message":"x"}',
  "null",
])("%j is no event", (line) => expect(eventIn(line)).toBeUndefined());

test("an event may say more than this clone knows", () => {
  expect(eventIn('{"event":"fail","message":"x","hint":"y"}')).toEqual({
    event: "fail",
    message: "x",
    hint: "y",
  });
});

const closing = (fields: Record<string, unknown>) => {
  const times = { startedAt: "2026-11-22T02:17:00Z", finishedAt: "2026-11-22T03:19:07Z" };
  const event = eventIn(
    JSON.stringify({
      event: "summary",
      command: "retention",
      instance: "shop",
      dryRun: false,
      ...times,
      ...fields,
    }),
  );
  if (event?.event !== "summary") throw new Error("no summary");
  return summaryLines(event);
};

test("the summary of a dry run says what would be, a group of counts on a line and no zeros", () => {
  const removed = {
    runs: 1500,
    loggedModels: 1,
    traces: 0,
    experiments: 0,
    objects: 3000,
    bytes: 1536 * 1024,
  };
  const swept = {
    noncurrentVersions: { objects: 3, bytes: 2048 },
    uploads: { objects: 0, bytes: 0 },
  };
  const limits = { retention: "30d", cutoff: "2026-10-23T02:17:00Z" };
  const counts = {
    kept: { "keep-tag": 2, registered: 1 },
    finished: { plans: 0 },
    changed: 0,
    failed: 0,
  };
  expect(closing({ dryRun: true, ...limits, removed, swept, ...counts })).toEqual([
    "retention of shop (dry run: nothing was changed), took 1 h 2 min",
    "  retention: 30d",
    "  cutoff: 2026-10-23 02:17 UTC",
    "  to be removed: 1,500 runs, 1 logged model, 3,000 objects, 1.5 MiB",
    "  to be swept: noncurrent versions 3 objects, 2.0 KiB",
    "  kept: keep-tag 2, registered 1",
    "  to be finished: nothing",
    "  changed: 0",
    "  failed: 0",
  ]);
});

test("the summary of a real run, with fields that this clone doesn't know", () => {
  expect(
    closing({
      removed: { runs: 1 },
      orphanBytes: 2048,
      report: "maintenance/x\u001b[2J",
      list: [1],
      nothing: null,
      yes: true,
    }),
  ).toEqual([
    "retention of shop, took 1 h 2 min",
    "  removed: 1 run",
    "  orphan bytes: 2.0 KiB",
    "  report: maintenance/x\\u{1b}[2J",
    "  list: [1]",
    "  yes: true",
  ]);
});
