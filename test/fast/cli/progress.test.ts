import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { reporterOn } from "../../../cli/progress.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function reporter(isTTY: boolean, columns = 80) {
  let written = "";
  const made = reporterOn({ isTTY, columns, write: (text: string) => void (written += text) });
  const take = (): string => {
    const text = written;
    written = "";
    return text;
  };
  return { ...made, take };
}

const lasting = (ms: number) => () => new Promise<void>((resolve) => setTimeout(resolve, ms));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("work of less than 2 s leaves no trace, in a log and on a terminal", async () => {
  for (const isTTY of [false, true]) {
    const { during, take } = reporter(isTTY);
    const work = during("Looking", lasting(1_900));
    await pass(1_900);
    await work;
    expect(take()).toBe("");
  }
});

test("in a log: a line after 2 s, then at most one in 10 s, and none while others are written", async () => {
  const { during, note, take } = reporter(false);
  const work = during("Previewing", lasting(40_000));
  await pass(2_500);
  expect(take()).toBe("Previewing …\n");
  await pass(9_400);
  expect(take()).toBe("");
  await pass(600);
  expect(take()).toBe("Previewing: 12 s\n");
  await pass(8_000);
  note("a line of the engine");
  expect(take()).toBe("a line of the engine\n");
  await pass(9_000);
  expect(take()).toBe("");
  await pass(12_000);
  expect(take()).toMatch(/^Previewing: 3\d s\n$/);
  await work;
});

test("on a terminal: one line that changes, makes room for others and goes", async () => {
  const { during, note, makeRoom, take } = reporter(true, 30);
  const work = during("Previewing", lasting(5_000));
  await pass(2_000);
  expect(take()).toBe("\r\x1b[2KPreviewing … 2 s");
  await pass(1_000);
  expect(take()).toMatch(/\r\x1b\[2KPreviewing … 3 s$/);
  note("a warning");
  expect(take()).toBe("\r\x1b[2Ka warning\n\r\x1b[2KPreviewing … 3 s");
  makeRoom();
  expect(take()).toBe("\r\x1b[2K");
  await pass(2_000);
  await work;
  expect(take()).toMatch(/\r\x1b\[2K$/);
});

test("on a terminal that does not tell its width, the text is whole", async () => {
  const { during, take } = reporter(true, 0);
  const work = during("Previewing", lasting(2_100));
  await pass(2_100);
  expect(take()).toContain("Previewing … 2 s");
  await work;
});

test("on a terminal: no line is longer than the terminal is wide", async () => {
  const { during, take } = reporter(true, 20);
  const work = during("A text that is longer than the terminal", lasting(2_500));
  await pass(2_000);
  expect(take()).toBe("\r\x1b[2KA text that is long");
  await pass(500);
  await work;
});

test("work within work shows the innermost; a failure ends it", async () => {
  const { during, take } = reporter(false);
  const work = during("Updating", () =>
    during("Waiting", async () => {
      await lasting(3_000)();
      throw new Error("no");
    }),
  );
  const ended = expect(work).rejects.toThrow("no");
  await pass(2_500);
  expect(take()).toBe("Waiting …\n");
  await pass(30_000);
  await ended;
  expect(take()).toBe("");
});
