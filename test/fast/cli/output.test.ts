import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { fileSink, streamSink } from "../../../cli/output.ts";
import { Refusal } from "../../../cli/refusal.ts";
import { folderWith } from "../program/support.ts";

test("a file has every line once the sink has ended", async () => {
  const path = join(folderWith({}), "events.jsonl");
  const sink = await fileSink(path);
  for (let index = 0; index < 10_000; index++) await sink.write(`{"line":${index}}`);
  await sink.end();
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines).toHaveLength(10_001);
  expect(lines[9_999]).toBe('{"line":9999}');
});

test("a file that can't be written is refused before anything else", async () => {
  const path = join(folderWith({}), "no", "such", "folder");
  await expect(fileSink(path)).rejects.toThrow(Refusal);
  await expect(fileSink(path)).rejects.toThrow(/^--json .*: the file can't be written: /);
});

test("waits for a slow reader, and no longer than until the interruption", async () => {
  const interruption = new AbortController();
  const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
  const sink = streamSink(stuck, interruption.signal);
  let written = false;
  const writing = sink.write("x").then(() => (written = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(written).toBe(false);
  interruption.abort();
  await expect(writing).rejects.toThrow();
});
