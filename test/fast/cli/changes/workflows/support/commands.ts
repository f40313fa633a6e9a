import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { register as comment } from "../../../../../../cli/changes/comment.ts";
import { register as deploy } from "../../../../../../cli/changes/deploy.ts";
import { register as drift } from "../../../../../../cli/changes/drift.ts";
import { register as preview } from "../../../../../../cli/changes/preview.ts";
import { register as previewEnvironment } from "../../../../../../cli/changes/reviewEnvironment.ts";
import { register as setupCi } from "../../../../../../cli/environments/setupCi.ts";
import { register as stacks } from "../../../../../../cli/environments/stacks.ts";

export const root = join(import.meta.dirname, "../../../../../..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

const word = /^(?:[\w./-]+|"\$[A-Z][A-Z0-9_]*")$/;

/**
 * What is wrong in a line of a job: it may be `npm ci` or one npm script with plain words and
 * quoted variables, which the script understands.
 */
export async function problemsInLine(
  line: string,
  known: (variable: string) => boolean,
): Promise<string[]> {
  if (line === "npm ci") return [];
  const [, script, args = ""] = /^npm run ([\w-]+)(?: -- (.*))?$/.exec(line) ?? [];
  if (script === undefined) return [`\`${line}\` is not \`npm ci\` and not one npm script`];
  if (!(script in scripts)) return [`there is no npm script ${script}`];
  const words = args.split(" ").filter((each) => each !== "");
  const odd = words.filter((each) => !word.test(each));
  if (odd.length > 0)
    return odd.map((each) => `\`${line}\`: ${each} is neither a plain word nor a quoted variable`);
  const unset = words
    .filter((each) => each.startsWith('"$'))
    .filter((each) => !known(each.slice(2, -1)));
  if (unset.length > 0) return unset.map((each) => `\`${line}\`: nothing sets ${each}`);
  if (scripts[script] !== `node cli/deliveryCli.ts ${script}`) return [];
  const refused = await refusal([
    script,
    ...words.map((each) => (each.startsWith('"$') ? "12" : each)),
  ]);
  return refused === undefined ? [] : [`\`${line}\`: ${refused}`];
}

/** Why the command line does not understand it; nothing is carried out. */
async function refusal(args: readonly string[]): Promise<string | undefined> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  const context = {
    root,
    signal: new AbortController().signal,
    out: () => undefined,
    note: () => undefined,
  };
  let understood = false;
  for (const register of [comment, deploy, drift, preview, previewEnvironment, setupCi, stacks]) {
    register(program, context, async () => {
      understood = true;
    });
  }
  const quiet = (command: Command): void => {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    command.commands.forEach(quiet);
  };
  quiet(program);
  try {
    await program.parseAsync(["node", "cli.ts", ...args]);
  } catch (error) {
    return (error as Error).message;
  }
  return understood ? undefined : "is no whole command";
}
