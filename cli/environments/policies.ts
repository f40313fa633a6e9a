import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Option } from "commander";
import { configurationProblems } from "../../policies/configuration.ts";
import { rules } from "../../policies/rules.ts";
import { markdownOf, tableOf, textOf } from "../../policies/table.ts";
import type { Context, Define } from "../context.ts";
import { jsonOrBareOption, writeResult } from "../jsonOutput.ts";
import { Refusal } from "../refusal.ts";
import { suggestion } from "../../program/values/nearest.ts";

interface Options {
  readonly json?: string;
  readonly write?: true;
  readonly check?: string;
}

export const define: Define = (command, context, end) => {
  command
    .option("--list", "print the table of rules; so does no option at all")
    .addOption(jsonOrBareOption("the table of rules"))
    .option("--write", "write the table into docs/policies.md")
    .addOption(
      new Option(
        "--check [file]",
        "report the errors of a policy configuration (default: stacks/policies.json)",
      ).preset(join(context.root, "stacks", "policies.json")),
    )
    .action((options: Options) => end(async () => policies(context, options)));
};

async function policies(
  { root, out }: Context,
  { json, write, check: checked }: Options,
): Promise<void> {
  if (checked !== undefined) return out(`${check(root, checked)}\n`);
  const page = join(root, "docs", "policies.md");
  if (write) return writeFileSync(page, withTable(readFileSync(page, "utf8")));
  const table = tableOf(rules);
  await writeResult({ out }, json, { text: `${textOf(table)}\n`, facts: table });
}

const marks = {
  begin: "<!-- begin: rules, written by `npx mlflow-instances policies --write` -->",
  end: "<!-- end: rules -->",
};

/** The page with the current table between its marks. */
export function withTable(text: string): string {
  const [begin, end] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (begin < 0 || end < begin)
    throw new Error(`the page has no "${marks.begin}" and "${marks.end}" around its table`);
  return `${text.slice(0, begin)}${marks.begin}\n\n${markdownOf(tableOf(rules))}\n${text.slice(end)}`;
}

function check(root: string, file: string): string {
  const shown = relative(root, resolve(file));
  if (!existsSync(file)) return `${shown} is not there: every rule holds as in the table.`;
  const problems = configurationProblems(readFileSync(file, "utf8"), rules, suggestion);
  if (problems.length > 0)
    throw new Refusal(problems.map((line) => `${shown}: ${line}`).join("\n"));
  return `${shown} is right.`;
}
