import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Command, Option } from "commander";
import { configurationProblems } from "./configuration.ts";
import { rules } from "./rules.ts";
import { markdownOf, tableOf, textOf } from "./table.ts";

const root = join(import.meta.dirname, "..");
const page = join(root, "docs", "policies.md");
const configuration = join(root, "stacks", "policies.json");

const marks = {
  begin: "<!-- begin: rules, written by `npm run policies -- --write` -->",
  end: "<!-- end: rules -->",
};

/** The page with the current table between its marks. */
export function withTable(text: string): string {
  const [begin, end] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (begin < 0 || end < begin)
    throw new Error(`the page has no "${marks.begin}" and "${marks.end}" around its table`);
  return `${text.slice(0, begin)}${marks.begin}\n\n${markdownOf(tableOf(rules))}\n${text.slice(end)}`;
}

function check(file: string): void {
  if (!existsSync(file))
    return void console.log(
      `${relative(root, file)} is not there: every rule holds as in the table.`,
    );
  const problems = configurationProblems(readFileSync(file, "utf8"), rules);
  if (problems.length === 0) return void console.log(`${relative(root, file)} is right.`);
  console.error(problems.map((line) => `${relative(root, file)}: ${line}`).join("\n"));
  process.exitCode = 1;
}

if (process.argv[1] === import.meta.filename) {
  const command = new Command("policies")
    .description("The rules of the policy packs")
    .option("--list", "print the table of rules")
    .option("--json", "print it as JSON")
    .option("--write", "write the table into docs/policies.md")
    .addOption(
      new Option("--check [file]", "say what is wrong in a policy configuration").preset(
        configuration,
      ),
    )
    .parse();
  const {
    json,
    write,
    check: checked,
    list,
  } = command.opts<{ list?: true; json?: true; write?: true; check?: string }>();
  if (checked !== undefined) check(checked);
  else if (write) writeFileSync(page, withTable(readFileSync(page, "utf8")));
  else if (json) console.log(JSON.stringify(tableOf(rules), null, 2));
  else if (list) console.log(textOf(tableOf(rules)));
  else command.help();
}
