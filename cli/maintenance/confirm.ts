import { createInterface } from "node:readline/promises";
import { Refusal } from "../refusal.ts";

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/** What has to be typed, and in which words it is asked for. */
export interface Typed {
  readonly name: string;
  /** `the instance's name` */
  readonly noun: string;
  /** What the removal means; a sentence. */
  readonly means: string;
}

/**
 * Goes on only after the instance's name was typed, in `--confirm` or at the question: a removal
 * that has no grace is not started by an arrow key and a return.
 */
export async function confirmName(
  instance: string,
  given: string | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (given !== undefined) {
    if (given === instance) return;
    throw new Refusal(
      `--confirm ${given} is not the instance's name, ${instance}; nothing was removed.`,
    );
  }
  if (terminal.input.isTTY !== true) {
    throw new Refusal(
      `--remove asks for the instance's name on a terminal, and there is none: say --confirm ${instance}. Nothing was removed.`,
    );
  }
  const means = `This removes every object of ${instance} that no row points to, with no way back.`;
  await askForName({ name: instance, noun: "the instance's name", means }, terminal, signal);
}

/** Asks on the terminal, and fails for any other answer. */
export async function askForName(
  { name, noun, means }: Typed,
  { input, output }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const question = createInterface({ input, output });
  // At the end of the input (Ctrl-D) there is no answer; the promise alone would wait for ever.
  const closed = new Promise<undefined>((resolve) =>
    question.once("close", () => resolve(undefined)),
  );
  try {
    const answer = await Promise.race([
      question.question(`${means} Write ${noun} to go on: `, { signal }),
      closed,
    ]);
    if (answer?.trim() !== name) throw new Refusal(`That is not ${noun}; nothing was removed.`);
  } finally {
    question.close();
  }
}
