/** What a person sees beside the result, on standard error. */
export interface Reporter {
  /** Writes a line: a warning, or a step that is done. */
  readonly note: (line: string) => void;
  /** Does work that may take longer than 2 s, and shows for how long it has been going on. */
  readonly during: <T>(what: string, work: () => Promise<T>) => Promise<T>;
  /** Something is written to standard output, which may be the same terminal. */
  readonly makeRoom: () => void;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Work that takes less is not worth a line. */
const shownAfterMs = 2_000;
const redrawMs = 500;
/** Between two lines in a log. */
const lineMs = 10_000;
const clearLine = "\r\x1b[2K";

/** On a terminal one line that changes. In a log one line after 2 s, then one in 10 s of silence. */
export function reporterOn(stream: Stream): Reporter {
  const terminal = stream.isTTY === true;
  // Work may contain work. The innermost is shown.
  const going: { readonly what: string; readonly since: number }[] = [];

  let writtenAt = 0;

  const draw = (): void => {
    const last = going.at(-1);
    if (!terminal || last === undefined || Date.now() - last.since < shownAfterMs) return;
    const text = `${last.what} … ${secondsSince(last.since)} s`;
    // A terminal that does not tell its width has 0 columns.
    stream.write(`${clearLine}${text.slice(0, (stream.columns || 80) - 1)}`);
  };
  const makeRoom = (): void => {
    writtenAt = Date.now();
    if (terminal && going.length > 0) stream.write(clearLine);
  };
  const note = (line: string): void => {
    makeRoom();
    stream.write(`${line}\n`);
    draw();
  };
  return {
    note,
    makeRoom,
    async during(what, work) {
      const one = { what, since: Date.now() };
      going.push(one);
      let told = false;
      const timer = setInterval(() => {
        if (going.at(-1) !== one) return;
        if (terminal) return draw();
        const now = Date.now();
        if (now - one.since < shownAfterMs || (told && now - writtenAt < lineMs)) return;
        note(told ? `${what}: ${secondsSince(one.since)} s` : `${what} …`);
        told = true;
      }, redrawMs);
      try {
        return await work();
      } finally {
        clearInterval(timer);
        going.splice(going.indexOf(one), 1);
        if (terminal && Date.now() - one.since >= shownAfterMs) stream.write(clearLine);
        draw();
      }
    },
  };
}

const secondsSince = (time: number): number => Math.round((Date.now() - time) / 1000);
