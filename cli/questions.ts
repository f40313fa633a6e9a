import { confirm, isCancel, multiselect, select, text } from "@clack/prompts";
import { ExitCode } from "./exitCode.ts";
import { Refusal } from "./refusal.ts";

/** The source of answers to questions. */
export interface Asker {
  /** `problem` says why a text is no answer. */
  text(
    question: string,
    options: { suggestion?: string | undefined; problem: (value: string) => string | undefined },
  ): Promise<string>;
  choose(question: string, choices: readonly string[], suggestion?: string): Promise<string>;
  /** Any number of the choices, none included. */
  chooseSome(question: string, choices: readonly string[]): Promise<string[]>;
  confirm(question: string): Promise<boolean>;
}

/**
 * The user at the terminal. Questions go to standard error, so that standard output holds results
 * only. Undefined where no answer would come: without a terminal, and in pipelines, some of which
 * have one.
 */
export function terminalAsker({
  stdin,
  stderr,
  env,
}: Pick<NodeJS.Process, "stdin" | "stderr" | "env">): Asker | undefined {
  if (!stdin.isTTY || !stderr.isTTY || ![undefined, "", "false"].includes(env["CI"]))
    return undefined;
  const io = { input: stdin, output: stderr };
  return {
    text: (message, { suggestion, problem }) =>
      answered(
        text({
          message,
          ...io,
          ...(suggestion === undefined ? {} : { initialValue: suggestion }),
          validate: (value) => problem((value ?? "").trim()),
        }),
      ).then((value) => value.trim()),
    choose: (message, choices, suggestion) =>
      answered(
        select({
          message,
          ...io,
          options: choices.map((value) => ({ value })),
          ...(suggestion === undefined ? {} : { initialValue: suggestion }),
        }),
      ),
    chooseSome: (message, choices) =>
      answered(
        multiselect({
          message,
          ...io,
          options: choices.map((value) => ({ value })),
          required: false,
        }),
      ),
    confirm: (message) => answered(confirm({ message, ...io, initialValue: false })),
  };
}

// Files are written after the last answer only.
async function answered<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
  const value = await answer;
  if (isCancel(value)) throw new Refusal("Interrupted; nothing was written.", ExitCode.Interrupted);
  return value as Exclude<T, symbol>;
}
