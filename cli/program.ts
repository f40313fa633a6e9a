import { Command } from "commander";
import type { Context, End, Work } from "./context.ts";
import { ExitCode, exitCodeLines } from "./exitCode.ts";
import { groups, verbs, type Verb } from "./verbs.ts";

/** The name under which people type it. */
export const commandName = "npx mlflow-instances";

export interface Program {
  /** Understands and carries out a command line. Throws as commander does, and refusals. */
  run(args: readonly string[]): Promise<ExitCode>;
}

interface Hooks {
  /** Told which verb was typed, before it begins. */
  readonly onVerb?: (verb: Verb) => void;
  /** In place of the verb's work, once its command line is understood. */
  readonly carryOut?: (work: Work) => Promise<ExitCode | void>;
}

/** The whole command line. */
export function programFor(
  context: Context,
  { onVerb, carryOut = (work) => work() }: Hooks = {},
): Program {
  let exitCode: ExitCode = ExitCode.Done;
  const program = new Command(commandName)
    .description("MLflow instances as code. docs/commands.md describes every verb.")
    // A wrong command line is wrong input like any other, so its end is decided in one place.
    .exitOverride()
    .showHelpAfterError("(--help lists every option)")
    .configureOutput({
      writeOut: context.out,
      writeErr: (text) => context.note(text.trimEnd()),
    })
    // `help <verb>` would not load the verb's options; `run` turns it into `<verb> --help`.
    .helpCommand(false)
    .addHelpText("after", `\nExit codes:\n${exitCodeLines().join("\n")}`);
  for (const { title, verbs } of groups)
    for (const { name, summary } of verbs)
      program.command(name).description(summary).helpGroup(`${title}:`);

  const defined = new Set<Command>();
  const define = async (command: Command): Promise<void> => {
    if (defined.has(command)) return;
    defined.add(command);
    const module = await verbOf(command).load();
    const end: End = async (work) => {
      exitCode = (await carryOut(work)) ?? ExitCode.Done;
    };
    module.define(command, context, end, async () => {
      for (const each of program.commands) await define(each);
      return program;
    });
  };
  program.hook("preSubcommand", async (_, command) => {
    onVerb?.(verbOf(command));
    await define(command);
  });
  return {
    async run([first, ...rest]) {
      const args =
        first === undefined
          ? ["--help"]
          : first === "help"
            ? [...rest, "--help"]
            : [first, ...rest];
      await program.parseAsync(args, { from: "user" });
      return exitCode;
    },
  };
}

const verbOf = (command: Command): Verb => verbs.find(({ name }) => name === command.name())!;
