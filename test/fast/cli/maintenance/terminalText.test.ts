import { expect, test } from "vitest";
import { duration, moment, plain, size } from "../../../../cli/job/terminalText.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1024 * 1024 - 1, "1.0 MiB"],
  [1536 * 1024 * 1024, "1.5 GiB"],
  [2 ** 60, "1024.0 PiB"],
])("%i bytes are %s", (bytes, words) => expect(size(bytes)).toBe(words));

test.each([
  [400, "0 s"],
  [59_499, "59 s"],
  [59_700, "1 min 0 s"],
  [3_600_000, "1 h 0 min"],
])("%i ms are %s", (ms, words) => expect(duration(ms)).toBe(words));

test("a time is shown to the minute, and what is none as it is", () => {
  expect(moment("2026-11-22T02:17:59.5Z")).toBe("2026-11-22 02:17 UTC");
  expect(moment("model fraud version 3, alias champion")).toBe(
    "model fraud version 3, alias champion",
  );
});

test("a name can't write to the terminal, break a line or turn it around", () => {
  expect(plain("a\u001b[31mb\r\nremove\u2028\u202ec\u0085\u2066")).toBe(
    "a\\u{1b}[31mb\\u{d}\\u{a}remove\\u{2028}\\u{202e}c\\u{85}\\u{2066}",
  );
  expect(plain("Köln 東京 👩‍🔬 שלום")).toBe("Köln 東京 👩‍🔬 שלום");
});
