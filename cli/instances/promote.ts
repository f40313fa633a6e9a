import { existsSync, readFileSync } from "node:fs";
import { basename, relative } from "node:path";
import { Option } from "commander";
import { stringify } from "yaml";
import { instanceFileSchema, type InstanceFile } from "../../program/instance/file.ts";
import { check, showPath, type Problem } from "../../program/values/problems.ts";
import { tierNames } from "../../program/values/tiers.ts";
import { parseYamlFile } from "../../program/values/yamlFile.ts";
import { columns } from "../columns.ts";
import type { Context, Define } from "../context.ts";
import { Refusal, refusalOf } from "../refusal.ts";
import { lastTokenDay } from "./policyBounds.ts";
import { changes, plan, type Change, type Written } from "./promotion/plan.ts";
import { differences } from "./promotion/reasons.ts";
import { problemsAsInstance, readTarget, resolveIn, type Target } from "../stackFiles.ts";
import { replace, writeNew } from "../writeNew.ts";

interface Options {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly tier?: InstanceFile["tier"];
}

export const define: Define = (command, context, end) => {
  command
    .argument("<instance>", "name of its file, without the ending")
    .argument("<from>", "environment that has it")
    .argument("<to>", "environment that gets it")
    .addOption(
      new Option(
        "--tier <tier>",
        "tier in the target (default: as there, else as in the source)",
      ).choices(tierNames),
    )
    .option("--dry-run", "show what would be written, and write nothing", false)
    .option("--yes", "change a file that the target has already without asking", false)
    .action((instance: string, from: string, to: string, options: Options) =>
      end(() => promote(context, instance, from, to, options)),
    );
};

async function promote(
  context: Context,
  name: string,
  from: string,
  to: string,
  options: Options,
): Promise<void> {
  const { root, out, today, asker } = context;
  if (from === to)
    throw new Refusal(`${from} and ${to} are the same environment; nothing was written.`);
  const [source, target] = [readTarget(root, from), readTarget(root, to)];
  const sourceFile = source.file(name);
  const targetFile = target.file(name);
  if (!existsSync(sourceFile))
    throw new Refusal(
      `${relative(root, sourceFile)}: there is no such instance in ${from}; nothing was written.`,
    );
  const original = readInstance(root, sourceFile, source);
  const present = existsSync(targetFile) ? readInstance(root, targetFile, target) : undefined;
  const { text, file, notCopied } = plan(original, present, {
    from,
    to,
    tier: options.tier,
    lastDay: (planned) => lastTokenDay(root, resolveIn(target, name, planned), today),
  });

  const resolved = resolveIn(target, name, file);
  const wrong = problemsAsInstance(root, target, name, file, today);
  if (wrong.length > 0) {
    const lines = wrong.map(
      (problem) => `${relative(root, sourceFile)}:${original.place(problem)}`,
    );
    throw refusalOf(`${to} refuses ${name} as it is in ${from}; nothing was written:`, [
      ...lines,
      ...boundsOf(root, target, wrong),
    ]);
  }

  const differ = differences(
    {
      environment: source.environment,
      file: original.file,
      resolved: resolveIn(source, name, original.file),
    },
    { environment: target.environment, file, resolved },
  );
  out(`${name}, ${from} -> ${to}\n`);
  table(
    out,
    `differs in ${to}`,
    differ.map((each) => ({ ...each, after: each.why })),
  );
  section(out, "not copied", notCopied);
  const shown = relative(root, targetFile);
  const edits = present === undefined ? [] : changes(present.file, file);
  if (present !== undefined) {
    if (edits.length === 0) return out(`${shown} says the same already; nothing was written.\n`);
    table(
      out,
      `changes in ${shown}`,
      edits.map((each) => ({ ...each, after: "" })),
    );
  }
  if (options.dryRun) return out(`dry run: ${shown} was not written.\n`);
  if (present === undefined) writeNew(root, targetFile, text);
  else if (options.yes || (asker && (await asker.confirm(`Change ${shown}?`))))
    replace(targetFile, text);
  else if (asker) throw new Refusal("Nothing was written.");
  else
    throw new Refusal(`${shown} is there already; --yes changes it as shown. Nothing was written.`);
  out(`written: ${shown}\nnext:\n  npx mlflow-instances preview ${to}\n`);
}

interface Read extends Written {
  readonly place: (problem: Problem) => string;
}

function readInstance(root: string, path: string, { environment }: Target): Read {
  const text = readFileSync(path, "utf8");
  const yaml = parseYamlFile(text);
  const shown = relative(root, path);
  const title = `${basename(path)} of ${environment.name} is wrong; nothing was written:`;
  if (yaml.syntaxErrors.length > 0)
    throw refusalOf(
      title,
      yaml.syntaxErrors.map((error) => `${shown}:${error}`),
    );
  const { data, problems } = check(instanceFileSchema, yaml.data);
  if (data === undefined)
    throw refusalOf(
      title,
      problems.map((problem) => `${shown}:${yaml.place(problem)}`),
    );
  return { text, file: data, place: (problem) => yaml.place(problem) };
}

// A bound of the environment that refuses an instance is in the stack file.
function boundsOf(
  root: string,
  { environment, stackFile }: Target,
  problems: readonly Problem[],
): string[] {
  return Object.entries(environment.bounds ?? {}).flatMap(([key, bounds]) =>
    bounds !== undefined && "min" in bounds && problems.some(({ path }) => path[0] === key)
      ? [`${relative(root, stackFile)}: environment.bounds.${key}: ${bounds.min} to ${bounds.max}`]
      : [],
  );
}

const shownValue = (value: unknown): string =>
  value === undefined ? "–" : stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();

function table(
  out: Context["out"],
  title: string,
  rows: readonly (Change & { after: string })[],
): void {
  const cells = rows.map(({ path, from, to, after }) => [
    showPath(path),
    `${shownValue(from)} -> ${shownValue(to)}`,
    after,
  ]);
  section(out, title, columns(cells));
}

function section(out: Context["out"], title: string, lines: readonly string[]): void {
  if (lines.length > 0) out(`${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`);
}
