/** In a log that can't be rewritten, a step shows its progress this often. */
export const progressIntervalMs = 10_000;

/** One running step on a screen. */
export interface ScreenLine {
  progress(text: string, now: number): void;
  close(lastLine: string): void;
}

export interface Screen {
  open(title: string, now: number): ScreenLine;
  print(line: string): void;
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** For logs: nothing is ever rewritten, progress is thinned out. */
export function plainScreen(write: (line: string) => void): Screen {
  return {
    open(title, start) {
      write(`start: ${title}`);
      let last = start;
      return {
        progress(text, now) {
          if (text === "" || now - last < progressIntervalMs) return;
          last = now;
          write(`  ${title}: ${text} (${formatDuration(now - start)})`);
        },
        close: write,
      };
    },
    print: write,
  };
}

/**
 * For terminals: the running steps are a block at the bottom that is redrawn, finished ones scroll
 * away above it.
 */
export function liveScreen(output: Pick<NodeJS.WriteStream, "write" | "columns">): Screen {
  const running = new Set<{ title: string; text: string; start: number }>();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;

  const draw = (permanent?: string): void => {
    let frame = drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "";
    if (permanent !== undefined) frame += `${permanent}\n`;
    const width = Math.max(20, (output.columns || 80) - 1);
    for (const step of running) {
      const text = `${step.title} ${formatDuration(Date.now() - step.start)}${step.text === "" ? "" : ` | ${step.text}`}`;
      frame += `${text.slice(0, width)}\n`;
    }
    drawn = running.size;
    output.write(frame);
    if (running.size > 0 && timer === undefined) {
      timer = setInterval(() => draw(), 250);
      timer.unref();
    } else if (running.size === 0 && timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  };

  return {
    open(title, start) {
      const step = { title, text: "", start };
      running.add(step);
      draw();
      return {
        progress(text) {
          step.text = text;
        },
        close(lastLine) {
          running.delete(step);
          draw(lastLine);
        },
      };
    },
    print: (line) => draw(line),
  };
}
