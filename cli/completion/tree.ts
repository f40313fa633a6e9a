import type { Argument, Command, Option } from "commander";

/** What a shell can offer for a value: these words, or the names of things. */
export type Kind = "stack" | "instance" | "file" | "any" | { readonly words: readonly string[] };

/** A command of the tree: the whole program, a verb, or a part of a verb. */
export interface Node {
  /** The words that lead to it: `review-environment up`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  /** By flag; undefined for an option without a value. */
  readonly options: ReadonlyMap<string, Kind | undefined>;
  readonly arguments: readonly Kind[];
}

/** Every command of a program, the program first. */
export function nodesOf(command: Command, path: readonly string[] = []): Node[] {
  const help = command.createHelp();
  const node: Node = {
    path: path.join(" "),
    commands: help
      .visibleCommands(command)
      .map((each) => ({ name: each.name(), summary: each.description() })),
    options: new Map(
      help
        .visibleOptions(command)
        .flatMap((option) => (option.long ? [[option.long, valueOf(option)] as const] : [])),
    ),
    arguments: command.registeredArguments.map(kindOf),
  };
  const below = command.commands.flatMap((each) => nodesOf(each, [...path, each.name()]));
  return [node, ...below];
}

function valueOf(option: Option): Kind | undefined {
  if (!option.required && !option.optional) return undefined;
  if (option.argChoices) return { words: option.argChoices };
  return kindNamed(/[<[]([^>\]]+)/.exec(option.flags)?.[1] ?? "");
}

const kindOf = (argument: Argument): Kind =>
  argument.argChoices ? { words: argument.argChoices } : kindNamed(argument.name());

// The names that the verbs give to their arguments and to the values of their options.
function kindNamed(name: string): Kind {
  if (["stack", "from", "to"].includes(name)) return "stack";
  if (name === "instance") return "instance";
  return ["file", "page"].includes(name) ? "file" : "any";
}

/** A kind as one word: `stack`, `file`, or `=a,b` for words. */
export const wordOf = (kind: Kind): string =>
  typeof kind === "string" ? kind : `=${kind.words.join(",")}`;
