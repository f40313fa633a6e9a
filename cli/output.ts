import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { finished } from "node:stream/promises";
import type { Writable } from "node:stream";
import { Refusal } from "./refusal.ts";

/** Where lines go; waits for a slow reader instead of holding thousands of lines in memory. */
export interface Sink {
  write(line: string): Promise<void>;
  end(): Promise<void>;
}

/**
 * With a signal, what is still to be written is dropped when it comes: a reader that has gone never
 * drains a stream.
 */
export const streamSink = (stream: Writable, signal?: AbortSignal): Sink => ({
  async write(line) {
    signal?.throwIfAborted();
    if (!stream.write(`${line}\n`))
      await once(stream, "drain", signal === undefined ? {} : { signal });
  },
  end: async () => undefined,
});

/**
 * A file for machines, opened before anything is done in the cluster, so that a wrong path costs
 * nothing.
 */
export async function fileSink(path: string): Promise<Sink> {
  const file = await open(path, "w").catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`--json ${path}: the file can't be written: ${error.message}`);
  });
  const stream = createWriteStream("", { fd: file });
  return {
    ...streamSink(stream),
    async end() {
      stream.end();
      await finished(stream);
    },
  };
}
