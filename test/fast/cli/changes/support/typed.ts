import { Command, CommanderError } from "commander";
import { vi } from "vitest";
import type { Register } from "../../../../../cli/context.ts";
import { Refusal } from "../../../../../cli/refusal.ts";
import { endOf } from "../../../../../cli/run.ts";

export interface Ended {
  readonly code: number;
  readonly out: string;
  /** Standard error, with what the command refused. */
  readonly notes: string;
}

/**
 * A command as it is typed, in this process; `env` is all of the variables of the job that it sees
 * beside the usual ones.
 */
export async function typed(
  register: Register,
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  let [code, out, notes] = [-1, "", ""];
  const program = new Command().exitOverride().configureOutput({
    writeErr: (text) => void (notes += text),
    writeOut: (text) => void (out += text),
  });
  const context = {
    root,
    signal: new AbortController().signal,
    out: (text: string) => void (out += text),
    note: (line: string) => void (notes += `${line}\n`),
  };
  register(program, context, async (action) => {
    code = await action();
  });
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: (text) => void (notes += text) });
  // A test may itself run in a job of one of these forges.
  const jobs = Object.keys(process.env).filter((name) => /^(GITHUB|GITLAB|CI)(_|$)/.test(name));
  for (const name of jobs) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    await program.parseAsync(["node", "cli.ts", ...args]);
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof CommanderError)) throw error;
    const end = endOf(error, { wrong: 1, defect: 1 });
    code = end.exitCode;
    if (end.words !== undefined) notes += `${end.words}\n`;
  } finally {
    vi.unstubAllEnvs();
  }
  return { code, out, notes };
}
