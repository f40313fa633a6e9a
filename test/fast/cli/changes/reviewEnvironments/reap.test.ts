import { describe, expect, test } from "vitest";
import { reap, verdictOf } from "../../../../../cli/changes/reviewEnvironments/reap.ts";
import { reapedText } from "../../../../../cli/changes/reviewEnvironments/texts.ts";
import { fakePulumi, stateOf } from "./fakePulumi.ts";

const untilKnown = (until: string) => ({ preview: true as const, until });
const unknown = { preview: true as const, until: undefined };

describe("whose time is over", () => {
  test.each<[string, string, "keep" | "destroy"]>([
    ["2026-11-29", "2026-11-22", "keep"],
    ["2026-11-29", "2026-11-29", "keep"],
    ["2026-11-29", "2026-11-30", "destroy"],
    ["2026-12-31", "2027-01-01", "destroy"],
    ["2027-01-01", "2026-12-31", "keep"],
  ])("until %s, on %s: %s", (until, today, act) =>
    expect(verdictOf({ lastUpdate: undefined }, untilKnown(until), false, today).act).toBe(act),
  );

  test("without a day of its own, 14 days after its last update, by the day in UTC", () => {
    const lastUpdate = "2026-11-08T23:59:59.9Z";
    expect(verdictOf({ lastUpdate }, unknown, false, "2026-11-22").act).toBe("keep");
    expect(verdictOf({ lastUpdate }, unknown, false, "2026-11-23")).toEqual({
      act: "destroy",
      why: "no update of it was completed, the last try was on 2026-11-08",
    });
    expect(
      verdictOf({ lastUpdate: "2026-11-08T23:30:00-02:00" }, unknown, false, "2026-11-23").act,
    ).toBe("keep");
  });

  test("never updated: only when it has nothing", () => {
    expect(verdictOf({ lastUpdate: undefined }, unknown, true, "2026-11-22").act).toBe("destroy");
    expect(verdictOf({ lastUpdate: undefined }, unknown, false, "2099-01-01").act).toBe("keep");
  });

  test("what is none is left alone for ever", () => {
    expect(
      verdictOf(
        { lastUpdate: "2020-01-01T00:00:00Z" },
        { preview: false, why: "is not named pr-<number>" },
        true,
        "2099-01-01",
      ).act,
    ).toBe("leave alone");
  });
});

const over = (number: number) =>
  stateOf(`pr-${number}`, { outputs: { preview: { pullRequest: number, until: "2026-11-20" } } });
const alive = (number: number) =>
  stateOf(`pr-${number}`, { outputs: { preview: { pullRequest: number, until: "2026-11-22" } } });
const foreign = { outputs: { preview: { pullRequest: 12, until: "2020-01-01" } } };
const today = "2026-11-22";

const everyKind = {
  prod: { state: stateOf("prod", foreign) },
  local: { state: "nobody may even ask" },
  "pr-x": { state: stateOf("pr-x", foreign) },
  "pr-012": { state: stateOf("pr-012", foreign) },
  "pr-9": { state: stateOf("pr-9", { outputs: { url: "https://example.com" } }) },
  "pr-10": { state: over(12) },
  "pr-12": { state: over(12) },
  "pr-3": { state: alive(3) },
};

test("only stacks that are review environments by name and by outputs are ever touched", async () => {
  const fake = fakePulumi(everyKind);
  const reaped = await reap(fake.workplace, { today, dryRun: false });
  expect(reaped.map(({ stack, act, outcome }) => `${stack} ${act} ${outcome}`)).toEqual([
    "pr-3 keep untouched",
    "pr-9 leave alone untouched",
    "pr-10 leave alone untouched",
    "pr-12 destroy destroyed",
  ]);
  expect(fake.stacks()).toEqual(["prod", "local", "pr-x", "pr-012", "pr-9", "pr-10", "pr-3"]);
  // Every call but the list is about a stack named pr-<number>, and only one of them is changed.
  const about = fake.calls().map((call) => /--stack (\S+)/.exec(call)?.[1]);
  expect(new Set(about)).toEqual(new Set([undefined, "pr-3", "pr-9", "pr-10", "pr-12"]));
  expect(fake.calls().filter((call) => !/^stack (ls|export)/.test(call))).toEqual([
    "destroy --stack pr-12",
    "stack rm --stack pr-12",
  ]);
});

test("a dry run only reads", async () => {
  const fake = fakePulumi(everyKind);
  const reaped = await reap(fake.workplace, { today, dryRun: true });
  expect(fake.calls().filter((call) => !/^stack (ls|export)/.test(call))).toEqual([]);
  expect(reapedText(reaped)).toBe(
    [
      "  pr-3   kept             until 2026-11-22",
      '  pr-9   left alone       its outputs have no "preview": it was not made as a review environment',
      '  pr-10  left alone       its output "preview" is not that of pull request 10',
      "  pr-12  to be destroyed  its last day was 2026-11-20",
      "",
    ].join("\n"),
  );
});

test("one that can't be destroyed, or not even be read, does not keep the others alive", async () => {
  const fake = fakePulumi({
    "pr-1": { state: "the bucket of states is on fire" },
    "pr-2": { state: over(2), destroyFails: "namespace mlflow-pr-2-shop: still terminating" },
    "pr-3": { state: over(3) },
  });
  const reaped = await reap(fake.workplace, { today, dryRun: false });
  expect(reaped.map(({ stack, outcome }) => `${stack} ${outcome}`)).toEqual([
    "pr-1 failed",
    "pr-2 failed",
    "pr-3 destroyed",
  ]);
  expect(fake.notes.join("\n")).toContain("the bucket of states is on fire");
  expect(fake.notes.join("\n")).toContain("still terminating");
  expect(fake.stacks()).toEqual(["pr-1", "pr-2"]);
});

test("an interruption ends it after the one at work", async () => {
  const fake = fakePulumi({ "pr-1": { state: over(1) }, "pr-2": { state: over(2) } });
  const interruption = new AbortController();
  interruption.abort();
  await expect(
    reap({ ...fake.workplace, signal: interruption.signal }, { today, dryRun: false }),
  ).rejects.toThrow("pulumi stack ls");
  expect(fake.calls()).toEqual([]);
});

test("none at all is said", () => expect(reapedText([])).toBe("There is no review environment.\n"));
