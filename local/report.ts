import { formatDuration, liveScreen, plainScreen, type Screen } from "./reportScreen.ts";

/** Where long work says what it does and how far it is. */
export interface Report {
  /**
   * Runs one long step. `log` tells how far it is: each call replaces the last on a terminal;
   * elsewhere one line every `progressIntervalMs` is kept, so that a CI log shows life without
   * drowning in it.
   */
  step<T>(title: string, work: (log: (line: string) => void) => Promise<T>): Promise<T>;
  /** Says one thing that stays on the screen. */
  info(line: string): void;
}

/** The reporter of a command: in place on a terminal, plain lines elsewhere. */
export function createReport(output: NodeJS.WriteStream = process.stderr): Report {
  return reportOn(
    output.isTTY === true && !process.env["CI"]
      ? liveScreen(output)
      : plainScreen((line) => void output.write(`${line}\n`)),
  );
}

/** A reporter that keeps nothing: for tests and for callers that print their own. */
export const silentReport: Report = {
  step: async (_title, work) => work(() => undefined),
  info: () => undefined,
};

/** Reports on a given screen; separated so that a test can read what was shown. */
export function reportOn(screen: Screen, now: () => number = Date.now): Report {
  return {
    async step(title, work) {
      const start = now();
      const line = screen.open(title, start);
      try {
        const result = await work((text) => line.progress(text.trim(), now()));
        line.close(`done: ${title} (${formatDuration(now() - start)})`);
        return result;
      } catch (error) {
        line.close(`failed: ${title} (after ${formatDuration(now() - start)})`);
        throw error;
      }
    },
    info: (line) => screen.print(line),
  };
}
