import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Argument } from "commander";
import type { Define } from "../context.ts";
import { nodesOf, wordOf, type Node } from "./tree.ts";

// The scripts hold the whole table, so that a key press starts no process. Stacks and instances are
// looked up in the project that the shell is in.

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

export const define: Define = (command, { out }, end, whole) => {
  command
    .addArgument(new Argument("<shell>", "the shell that reads it").choices(shells))
    .addHelpText(
      "after",
      "\nTo have it in every shell: npx mlflow-instances completion bash > ~/.mlflow-instances.bash" +
        "\nand `source ~/.mlflow-instances.bash` in ~/.bashrc. Write it anew after an upgrade.",
    )
    .action((shell: Shell) => end(async () => out(scriptFor(shell, nodesOf(await whole())))));
};

export function scriptFor(shell: Shell, nodes: readonly Node[]): string {
  const fish = shell === "fish";
  const text = readFileSync(join(import.meta.dirname, fish ? "fish.fish" : "bash.sh"), "utf8");
  const table = nodes.flatMap(fish ? fishCase : bashCase).join("\n");
  const script = text.replace(/^.*# the table of commands$/m, () => table);
  return shell === "zsh" ? `${zshPreparation}${script}` : script;
}

// zsh runs bash's completion functions.
const zshPreparation = `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
autoload -Uz bashcompinit && bashcompinit
`;

const bashCase = (node: Node): string[] => [
  `    "${node.path}")`,
  `      offered_commands="${node.commands.map(({ name }) => name).join(" ")}"`,
  `      offered_options="${[...node.options].map(([flag]) => flag).join(" ")}"`,
  `      option_values="${valuesOf(node)}"`,
  `      argument_kinds="${node.arguments.map(wordOf).join(" ")}"`,
  "      ;;",
];

const fishCase = (node: Node): string[] => [
  `        case "${node.path}"`,
  `            set -g __mlflow_instances_commands ${node.commands.map(({ name, summary }) => quoted(`${name}\t${summary}`)).join(" ")}`,
  `            set -g __mlflow_instances_options ${[...node.options].map(([flag]) => flag).join(" ")}`,
  `            set -g __mlflow_instances_values ${valuesOf(node)}`,
  `            set -g __mlflow_instances_arguments ${node.arguments.map(wordOf).join(" ")}`,
];

/** `--from:stack --tier:=sandbox,standard`: the options that take a value. */
const valuesOf = ({ options }: Node): string =>
  [...options]
    .flatMap(([flag, kind]) => (kind === undefined ? [] : [`${flag}:${wordOf(kind)}`]))
    .join(" ");

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
