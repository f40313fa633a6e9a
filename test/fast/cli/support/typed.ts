import { PassThrough } from "node:stream";
import { CommanderError } from "commander";
import { vi } from "vitest";
import type { Context } from "../../../../cli/context.ts";
import { endOf } from "../../../../cli/endOfCommand.ts";
import { programFor } from "../../../../cli/program.ts";
import { reporterOn } from "../../../../cli/progress.ts";
import { Refusal } from "../../../../cli/refusal.ts";

export interface Ended {
  readonly code: number;
  readonly out: string;
  /** Standard error, with what the command refused. */
  readonly notes: string;
}

export interface Surroundings extends Partial<Pick<Context, "asker" | "today" | "signal">> {
  /** Variables beside those of this process. Those of a job are taken away. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A context of a test's own; what is written there is in the two texts. */
export function contextOf(root: string, { env = {}, ...given }: Surroundings = {}) {
  const written = { out: "", notes: "" };
  const context: Context = {
    root,
    signal: new AbortController().signal,
    asker: undefined,
    today: new Date().toISOString().slice(0, 10),
    env: { ...process.env, ...env },
    ...given,
    out: (text) => void (written.out += text),
    ...reporterOn({ write: (text: string) => void (written.notes += text) }),
    streams: {
      stdin: new PassThrough() as unknown as NodeJS.ReadStream & { fd: 0 },
      stdout: new PassThrough() as unknown as NodeJS.WriteStream & { fd: 1 },
      stderr: new PassThrough() as unknown as NodeJS.WriteStream & { fd: 2 },
    },
  };
  return { context, written };
}

/** A command line as it is typed, in this process. */
export async function typed(
  root: string,
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Ended> {
  // A test may itself run in a job of one of these Git hosts.
  const jobs = Object.keys(process.env).filter((name) => /^(GITHUB|GITLAB|CI)(_|$)/.test(name));
  for (const name of jobs) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(surroundings.env ?? {})) vi.stubEnv(name, value);
  const { context, written } = contextOf(root, surroundings);
  try {
    return { code: await programFor(context).run(args), ...written };
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof CommanderError)) throw error;
    const { exitCode, text } = endOf(error);
    if (text !== undefined) context.note(text);
    return { code: exitCode, ...written };
  } finally {
    vi.unstubAllEnvs();
  }
}
