import { createInterface } from "node:readline/promises";
import { Refusal } from "../commandLine/refusal.ts";

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Goes on only if somebody wrote the instance's name, in `--confirm` or at the question: a removal that has no grace is not started by an
 * arrow key and a return.
 */
export async function confirmName(
  instance: string,
  given: string | undefined,
  { input, output }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (given !== undefined) {
    if (given === instance) return;
    throw new Refusal(`--confirm ${given} is not the instance's name, ${instance}; nothing was removed.`);
  }
  if (input.isTTY !== true) {
    throw new Refusal(
      `--remove asks for the instance's name on a terminal, and there is none: say --confirm ${instance}. Nothing was removed.`,
    );
  }
  const question = createInterface({ input, output });
  // At the end of the input (Ctrl-D) there is no answer; the promise alone would wait for ever.
  const closed = new Promise<undefined>((resolve) => question.once("close", () => resolve(undefined)));
  try {
    const text = `This removes every object of ${instance} that no row points to, with no way back. Write the instance's name to go on: `;
    const answer = await Promise.race([question.question(text, { signal }), closed]);
    if (answer?.trim() !== instance) throw new Refusal("That is not the instance's name; nothing was removed.");
  } finally {
    question.close();
  }
}
