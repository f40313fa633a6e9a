import fc from "fast-check";
import { expect, test } from "vitest";
import { SeenLines } from "../../../../cli/job/seenLines.ts";

// Lines as a node stamps them: whole seconds that only grow, with the nanoseconds of neighbouring
// lines in any order.
const log = fc
  .array(
    fc.record({
      pause: fc.integer({ min: 0, max: 3 }),
      nanoseconds: fc.integer({ min: 0, max: 5 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let second = Date.parse("2026-11-22T02:17:58Z");
    return steps.map(({ pause, nanoseconds }, index) => {
      second += pause * 1000;
      const time = new Date(second).toISOString().slice(0, 19);
      return {
        second,
        line: `${time}.00000000${nanoseconds}Z line ${index}`,
        text: `line ${index}`,
      };
    });
  });

test("however often a log breaks off, each line is given once and in order", () => {
  fc.assert(
    fc.property(log, fc.array(fc.nat(), { maxLength: 8 }), (lines, breaks) => {
      const seen = new SeenLines();
      const given: string[] = [];
      const read = (count: number) => {
        const since = seen.since();
        const offered = lines.filter(
          ({ second }) => since === undefined || second >= Date.parse(since),
        );
        for (const { line } of offered.slice(0, count)) {
          const text = seen.unseen(line);
          if (text !== undefined) given.push(text);
        }
      };
      for (const at of breaks) read(at % (lines.length + 1));
      read(lines.length);
      expect(given).toEqual(lines.map(({ text }) => text));
    }),
  );
});

test("a line without a stamp is given as it is", () => {
  expect(new SeenLines().unseen("no stamp")).toBe("no stamp");
});

test("takes the node's zone into account", () => {
  const seen = new SeenLines();
  expect(seen.unseen("2026-11-22T02:17:05.1+01:00 a")).toBe("a");
  expect(seen.since()).toBe("2026-11-22T01:17:04.000Z");
});
