import { writeFile } from "node:fs/promises";
import { Option } from "commander";
import type { Context } from "./context.ts";
import { Refusal } from "./refusal.ts";

const standardOutput = "-";

/** `--json <file>`, the same for every verb that a script may want to read. */
export const jsonOption = (what = "the same facts"): Option =>
  new Option(
    "--json <file>",
    `write ${what} there as JSON; - is standard output, which then holds nothing else`,
  );

/** As `jsonOption`, of a verb that takes `--json` alone, too, as it did before. */
export const jsonOrBareOption = (what?: string): Option => {
  const { description } = jsonOption(what);
  return new Option("--json [file]", description).preset(standardOutput);
};

export const isStandardOutput = (file: string | undefined): boolean => file === standardOutput;

interface Result {
  readonly text: string;
  readonly facts: unknown;
  /** 0: on one line. */
  readonly indent?: number;
}

/** Writes a result for people, and for machines where `--json` says. */
export async function writeResult(
  { out }: Pick<Context, "out">,
  json: string | undefined,
  { text, facts, indent = 2 }: Result,
): Promise<void> {
  const written = `${JSON.stringify(facts, undefined, indent)}\n`;
  if (isStandardOutput(json)) return out(written);
  out(text);
  await writeTo(json, written);
}

export async function writeTo(file: string | undefined, text: string): Promise<void> {
  if (file === undefined) return;
  await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`${file}: can't be written: ${error.message}`);
  });
}
