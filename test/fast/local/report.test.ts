import { describe, expect, it } from "vitest";
import { reportOn } from "../../../local/report.ts";
import { formatDuration, liveScreen, plainScreen } from "../../../local/reportScreen.ts";

describe("a report without a terminal", () => {
  it("keeps a line at the start, every ten seconds, and at the end", async () => {
    const lines: string[] = [];
    let now = 0;
    const report = reportOn(
      plainScreen((line) => lines.push(line)),
      () => now,
    );
    const result = await report.step("Build x", (log) => {
      for (now = 0; now <= 25_000; now += 1000) log(`${now / 1000} of 25`);
      return Promise.resolve("built");
    });
    expect(result).toBe("built");
    expect(lines).toEqual([
      "start: Build x",
      "  Build x: 10 of 25 (10 s)",
      "  Build x: 20 of 25 (20 s)",
      "done: Build x (26 s)",
    ]);
  });

  it("says that a step failed and hands the error on", async () => {
    const lines: string[] = [];
    const report = reportOn(
      plainScreen((line) => lines.push(line)),
      () => 0,
    );
    await expect(
      report.step("Build x", () => Promise.reject(new Error("no compiler"))),
    ).rejects.toThrow("no compiler");
    expect(lines.at(-1)).toBe("failed: Build x (after 0.0 s)");
  });
});

it("on a terminal finished lines stay above the running steps", async () => {
  let shown = "";
  const report = reportOn(
    liveScreen({ write: (text: string) => ((shown += text), true), columns: 40 }),
  );
  await Promise.all([
    report.step("one", async (log) => {
      log("half");
      await report.step("two", () => Promise.resolve());
    }),
  ]);
  report.info("all done");
  const plain = shown.split("\u001b[0J").at(-1) ?? "";
  expect(shown).toMatch(/done: two \(\d\.\d s\)\none \d\.\d s \| half\n/);
  expect(plain).toMatch(/^done: one \(\d\.\d s\)\nall done\n$/);
});

it.each([
  [0, "0.0 s"],
  [9_940, "9.9 s"],
  [42_000, "42 s"],
  [89_400, "89 s"],
  [125_000, "2 min 5 s"],
])("%i ms is %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
