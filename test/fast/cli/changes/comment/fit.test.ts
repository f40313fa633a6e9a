import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fit } from "../../../../../cli/changes/comment/fit.ts";

const lines = (count: number, text = "a line of the page"): string =>
  Array.from({ length: count }, (_, row) => `${text} ${row}`).join("\n");
const shownPart = (cut: string): string => cut.slice(0, cut.indexOf("\n> **Cut here**"));

describe("a page within a limit", () => {
  it("is not touched when it fits", () => {
    const page = lines(10);
    expect(fit(page, page.length)).toBe(page);
  });

  it("ends before a heading when there is one", () => {
    const cut = fit(
      `# One\n${lines(40)}\n\nmore\n\n# Two\n${lines(60)}`,
      1500,
      "https://forge.example/job/1",
    );
    expect(shownPart(cut).trimEnd()).toBe(`# One\n${lines(40)}\n\nmore`);
    expect(cut).toMatch(
      /\n> \*\*Cut here\*\*, after 44 of 105 lines: .* The whole page: https:\/\/forge\.example\/job\/1\n$/,
    );
  });

  it("does not give half of the page away for a heading", () => {
    const cut = fit(`# One\ntext\n\n# Two\n${lines(300)}\n\n${lines(300)}`, 4000);
    expect(cut.length).toBeGreaterThan(3800);
    expect(cut).toContain("in the job's output");
  });

  it("does not take a comment in a code block for a heading, and closes the block", () => {
    const cut = fit(`text\n\`\`\`sh\n${lines(100, "# comment")}\n\`\`\`\nend`, 1000);
    expect(shownPart(cut)).toMatch(/# comment \d+\n```\n$/);
    expect(shownPart(cut).split("```").length - 1).toBe(2);
  });

  it("closes what was folded", () => {
    const cut = fit(
      `<details><summary>One</summary>\n\n<details>\n${lines(100)}\n</details>\n</details>`,
      1000,
    );
    expect(cut.split("<details>").length).toBe(cut.split("</details>").length);
  });

  it("cuts one line that is longer than all the room between two characters", () => {
    const cut = fit("🦆".repeat(5000), 1001);
    expect(cut.length).toBeLessThanOrEqual(1001);
    expect(cut.isWellFormed()).toBe(true);
    expect(cut).toContain("Cut here");
  });

  it("is never longer than the limit, says that it was cut, and leaves nothing open", () => {
    const line = fc.oneof(
      fc.constantFrom(
        "",
        "# heading",
        "```",
        "```yaml",
        "~~~",
        "<details>",
        "</details>",
        "| a | b |",
      ),
      fc.string({ maxLength: 80 }).map((text) => text.replaceAll(/[\n\r`~<>]/g, "")),
    );
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 20, maxLength: 200 }),
        fc.integer({ min: 500, max: 4000 }),
        (parts, limit) => {
          const page = parts.join("\n");
          const cut = fit(page, limit);
          expect(cut.length).toBeLessThanOrEqual(limit);
          if (page.length <= limit) {
            expect(cut).toBe(page);
            return;
          }
          expect(cut).toContain("**Cut here**");
          // What stands before the cut is the page's own beginning.
          const kept = shownPart(cut).split("\n");
          const own = kept.findIndex((text, row) => text !== parts[row]);
          expect(
            kept
              .slice(own === -1 ? kept.length : own)
              .every((text) => ["", "```", "~~~", "</details>"].includes(text)),
          ).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
