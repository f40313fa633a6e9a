import { expect, test } from "vitest";
import { ExitCode } from "../../../../cli/exitCode.ts";
import { eventIn } from "../../../../cli/job/events.ts";
import { lineOf } from "../../../../cli/job/eventLine.ts";
import { audit, type AuditRequest } from "../../../../cli/maintenance/audit.ts";
import { fakeCluster, pod } from "./support/fakeCluster.ts";
import { runOn, summary } from "./support/runOn.ts";

const row = {
  event: "audit",
  id: 7,
  at: "2026-11-30T12:00:05.123456Z",
  action: "deletion",
  caller: "ci/2",
  role: "manage",
  source: "10.0.0.1",
  route: "delete",
  method: "POST",
  path: "/api/2.0/mlflow/runs/delete",
  object: { run_id: "r1" },
  status: 200,
  count: 1,
};
const lineFor = (change: object) => lineOf(eventIn(JSON.stringify({ ...row, ...change }))!);

test("a row is one line: when, who, what, how it ended, about what, from where", () => {
  expect(lineFor({})).toBe(
    "2026-11-30 12:00:05  ci/2                  deletion  delete      200  run_id=r1  from 10.0.0.1",
  );
  expect(
    lineFor({
      action: "refusal",
      caller: undefined,
      status: 401,
      refusal: "expired:ci/1",
      object: {},
      count: 10_000,
    }),
  ).toBe(
    "2026-11-30 12:00:05  -                     refusal   delete      401  expired:ci/1  POST /api/2.0/mlflow/runs/delete  from 10.0.0.1  10,000 times",
  );
  expect(lineFor({ object: { trace_ids: ["a", "b"], trace_ids_count: 40 }, status: 0 })).toContain(
    "  -    trace_ids=a,b trace_ids_count=40  ",
  );
});

test("no name of a row moves the cursor or begins a line", () => {
  const hostile = "a\u001b[2J\nb\u202ec\u2028d";
  const line = lineFor({
    at: hostile,
    caller: hostile,
    refusal: hostile,
    object: { [hostile]: hostile, list: [hostile] },
    source: hostile,
    route: hostile,
    action: hostile,
  })!;
  expect(line).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
});

test("the request becomes the Job's command line", () => {
  expect(audit({ since: "24h" }).commandLine).toEqual(["mlflow-instance-audit", "--since=24h"]);
  expect(
    audit({ since: "2026-11-01", until: "2026-11-30T08:00Z", who: "ci/2", what: "deletions" }),
  ).toMatchObject({
    commandLine: [
      "mlflow-instance-audit",
      "--since=2026-11-01",
      "--until=2026-11-30T08:00Z",
      "--who=ci/2",
      "--what=deletions",
    ],
    dryRun: true,
    cronJob: "retention",
  });
});

const wrong: Record<string, AuditRequest> = {
  "a word": { since: "yesterday" },
  nothing: { since: "" },
  "no hours": { since: "0h" },
  "too long ago": { since: "4000d" },
  "a day that no calendar has": { since: "2026-02-30" },
  "another zone": { since: "2026-11-30T08:00+01:00" },
  "an option": { since: "24h --who=x" },
  "a wrong end": { since: "24h", until: "now" },
  nobody: { since: "24h", who: "" },
  "a line break": { since: "24h", who: "ci\nx" },
  "too long": { since: "24h", who: "x".repeat(201) },
};

test.each(Object.keys(wrong))("%s is an error before anything starts", (name) => {
  expect(() => audit(wrong[name]!)).toThrow(/^--(since|until|who) /);
});

test("both errors are told at once", () => {
  expect(() => audit({ since: "x", who: "" })).toThrow(/--since .*\n--who /s);
});

const lines = (...events: object[]) => events.map((event) => JSON.stringify(event));
const ended = JSON.stringify({
  ...(JSON.parse(summary) as object),
  command: "audit",
  cutAt: "2026-11-30T12:00:05.123456Z",
});

test("rows that were cut: where to go on, and an exit code of its own", async () => {
  const fake = await fakeCluster({
    pod: pod({ terminated: { exitCode: 3 } }),
    log: (answer) =>
      answer.end(
        `${[...lines(row), ended].map((line) => `2026-11-30T12:00:09Z ${line}`).join("\n")}\n`,
      ),
  });
  const found = await runOn(fake, { use: audit({ since: "24h" }) });
  expect(found.code).toBe(ExitCode.Left);
  expect(found.notes.at(-1)).toContain("Go on with --since 2026-11-30T12:00:05.123456Z");
  expect(found.machines).toEqual([...lines(row), ended]);
  expect(found.people[0]).toContain("run_id=r1");
});

test("what belongs to another answer is not shown", async () => {
  const use = { event: "use", caller: "ci/2", lastUsed: "2026-11-30T12:00:00Z" };
  const seen: unknown[] = [];
  const fake = await fakeCluster({
    log: (answer) =>
      answer.end(
        `${[...lines(use), ended].map((line) => `2026-11-30T12:00:09Z ${line}`).join("\n")}\n`,
      ),
  });
  const found = await runOn(fake, {
    use: { ...audit({ since: "24h" }), quiet: true, onEvent: (event) => seen.push(event) },
  });
  expect(found.code).toBe(ExitCode.Done);
  expect(found.people).toEqual([]);
  expect(seen).toHaveLength(2);
});
