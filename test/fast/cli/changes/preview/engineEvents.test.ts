import { describe, expect, it } from "vitest";
import { readEvents } from "../../../../../cli/changes/engineEvents.ts";

async function* lines(...events: readonly (object | string)[]): AsyncGenerator<string> {
  for (const event of events)
    yield typeof event === "string"
      ? event
      : JSON.stringify({ sequence: 1, timestamp: 1, ...event });
}
const diagnostic = (severity: string, message: string, more = {}) => ({
  diagnosticEvent: { severity, message, color: "never", ...more },
});
const metadata = (op: string, more = {}) => ({
  metadata: { op, urn: "urn:x", type: "a:b:C", old: null, new: null, detailedDiff: null, ...more },
});

describe("an event log", () => {
  it("without a line is of an engine that did not start", async () => {
    expect(await readEvents(lines())).toEqual({
      steps: [],
      results: [],
      failed: [],
      policies: [],
      diagnostics: [],
      summary: undefined,
      started: false,
    });
    expect((await readEvents(lines({ preludeEvent: { config: {} } }))).started).toBe(true);
  });

  it("keeps what the program and the engine say, without colours, debug lines and progress", async () => {
    const { diagnostics } = await readEvents(
      lines(
        diagnostic("error", "<{%fg 1%}>wrong<{%reset%}>\n"),
        diagnostic("debug", "noise"),
        diagnostic("info", "waiting", { ephemeral: true }),
        diagnostic("warning", "careful\n  twice\n"),
        diagnostic("info#err", "\n"),
      ),
    );
    expect(diagnostics.map(({ severity, message }) => [severity, message])).toEqual([
      ["error", "wrong"],
      ["warning", "careful\n  twice"],
    ]);
  });

  it("tells steps, their results and failures apart, and has nothing where the engine writes null", async () => {
    const { steps, results, failed } = await readEvents(
      lines(
        { resourcePreEvent: metadata("update") },
        { resOutputsEvent: metadata("update") },
        { resOpFailedEvent: metadata("create") },
      ),
    );
    expect([steps, results, failed].map((each) => each.map(({ op }) => op))).toEqual([
      ["update"],
      ["update"],
      ["create"],
    ]);
    expect(steps[0]).toEqual({ op: "update", urn: "urn:x", type: "a:b:C" });
  });

  it("ends at a line that a killed engine did not finish", async () => {
    const { steps } = await readEvents(
      lines({ resourcePreEvent: metadata("same") }, '{"sequence": 2, "resourcePre'),
    );
    expect(steps).toHaveLength(1);
  });

  it("keeps policy findings and the summary", async () => {
    const { policies, summary } = await readEvents(
      lines(
        { policyEvent: { policyName: "p", message: "m\n", enforcementLevel: "mandatory" } },
        { summaryEvent: { resourceChanges: { same: 2 } } },
      ),
    );
    expect(policies).toEqual([{ policyName: "p", message: "m", enforcementLevel: "mandatory" }]);
    expect(summary).toMatchObject({ resourceChanges: { same: 2 } });
  });
});
