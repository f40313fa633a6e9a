// `2026-11-22T13:31:56.598330237Z text`: the node's own stamp of each line.
const stampPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d) ?/;

/**
 * Tells new lines from those that come again when a broken log is opened anew. The API begins at a
 * whole second, and the two streams of a container are stamped on their own, so a later line may
 * have the earlier stamp: only the very line, stamp and text, counts as seen. What is older than
 * the last two seconds can't come again and is forgotten.
 */
export class SeenLines {
  readonly #bySecond = new Map<number, Set<string>>();
  #newest: number | undefined;

  /** Where to open the log anew; undefined is its beginning. */
  since(): string | undefined {
    return this.#newest === undefined
      ? undefined
      : new Date((this.#newest - 1) * 1000).toISOString();
  }

  /** The text of a line that is new, without its stamp. */
  unseen(line: string): string | undefined {
    const found = stampPattern.exec(line);
    if (found === null) return line;
    const second = Date.parse(`${found[1]}${found[2]}`) / 1000;
    const lines = this.#bySecond.get(second) ?? new Set();
    if (lines.has(line)) return undefined;
    if (this.#newest === undefined || second > this.#newest) {
      this.#newest = second;
      for (const older of this.#bySecond.keys())
        if (older < second - 1) this.#bySecond.delete(older);
    }
    this.#bySecond.set(second, lines.add(line));
    return line.slice(found[0].length);
  }
}
