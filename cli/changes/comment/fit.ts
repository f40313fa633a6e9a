/** Says in the text itself that it is not whole. */
const note = (shown: number, all: number, whole: string | undefined): string =>
  `\n> **Cut here**, after ${shown} of ${all} lines: the forge takes no longer text. ${whole === undefined ? "The whole page is in the job's output." : `The whole page: ${whole}`}\n`;

/**
 * The page within the limit: cut before a heading, else at an empty line, else between two lines,
 * with what is open there closed, and a line that says so. It begins with what matters most, so the
 * end is what can go.
 */
export function fit(page: string, limit: number, whole?: string): string {
  if (page.length <= limit) return page;
  const lines = page.split("\n");
  const room = limit - note(lines.length, lines.length, whole).length;
  let length = 0;
  let fence: string | undefined;
  let folds = 0;
  let best = { rank: -1, count: 0, length: 0, close: "" };
  for (const [index, line] of lines.entries()) {
    const close = `${fence === undefined ? "" : `\n${fence}`}${"\n</details>".repeat(folds)}`;
    if (length + close.length > room) break;
    const rank =
      fence !== undefined
        ? 0
        : /^#{1,6} /.test(line) && folds === 0
          ? 2
          : line.trim() === ""
            ? 1
            : 0;
    // A better kind of place is worth some room, but not half of the page.
    if (index > 0 && (rank >= best.rank || length > 2 * best.length))
      best = { rank, count: index, length, close };
    length += line.length + 1;
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (
      mark !== undefined &&
      (fence === undefined || (mark.startsWith(fence) && line.trim() === mark))
    )
      fence = fence === undefined ? mark : undefined;
    if (fence === undefined)
      folds = Math.max(0, folds + count(line, "<details") - count(line, "</details>"));
  }
  const kept = lines.slice(0, best.count).join("\n").trimEnd();
  // One line longer than all the room: between two characters, then.
  const text = best.count === 0 ? wellFormed(page.slice(0, Math.max(0, room))) : kept + best.close;
  return `${text}\n${note(best.count, lines.length, whole)}`.slice(0, limit);
}

const count = (line: string, part: string): number => line.split(part).length - 1;
/** Without half of a character at the end. */
const wellFormed = (text: string): string =>
  /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text;
