import { expect, test, vi } from "vitest";
import { run } from "../../../../cli/job/runJob.ts";
import { retention } from "../../../../cli/maintenance/retention.ts";
import { fakeCluster, pod } from "./support/fakeCluster.ts";
import { item, quick, runOn, stamped, summary, target } from "./support/runOn.ts";

// The log of a Job on its way to the terminal: whole, in its order, at once, and while the API
// server is away.

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
