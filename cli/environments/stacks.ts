import { appendFile } from "node:fs/promises";
import { InvalidArgumentError, Option } from "commander";
import type { Context, Define } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { jsonOrBareOption, writeResult } from "../jsonOutput.ts";
import { Refusal } from "../refusal.ts";
import { changedPaths, environmentsIn, touchedBy } from "../touchedStacks.ts";
import { readRollout, rolloutFile, type Stage } from "./rollout.ts";

interface Options {
  readonly changed?: string;
  /** How many stages the pipeline has jobs for; without a number, any. */
  readonly stages?: number;
  readonly json?: string;
  readonly check: boolean;
}

export const define: Define = (command, context, end) => {
  command
    .option("--changed <git ref>", "only those that the change since then touches")
    .addOption(
      new Option(
        "--stages [most]",
        `the stages of ${rolloutFile} in their order; more than that many are an error`,
      )
        .preset(Infinity)
        .argParser(countOf)
        .conflicts("changed"),
    )
    .option(
      "--check",
      `read their files and ${rolloutFile}, and report every error in them; needs no secret and no engine`,
      false,
    )
    .addOption(jsonOrBareOption("their names, or the stages,"))
    .action((options: Options) => end(() => stacks(context, options)));
};

function countOf(text: string | number): number {
  const count = Number(text);
  if (text === Infinity || (Number.isInteger(count) && count > 0)) return count;
  throw new InvalidArgumentError("It must be a number of stages, such as 6.");
}

async function stacks(
  { root, out, note, during, env }: Context,
  { changed, stages: most, json, check }: Options,
): Promise<ExitCode> {
  const environments = await environmentsIn(root);
  const all = environments.map(({ stack }) => stack);
  const rollout = readRollout(root, all);
  if (most !== undefined) {
    if (rollout.errors.length > 0) throw new Refusal(rollout.errors.join("\n"));
    if (rollout.stages.length > most)
      throw new Refusal(
        `${rolloutFile}: has ${rollout.stages.length} stages, but this pipeline has jobs for ${most}; put stacks into one stage, or add a job for each stage to the pipeline`,
      );
  }
  const names =
    changed === undefined ? all : touchedBy(await changedPaths(root, changed), environments);
  await writeResult({ out }, json, {
    text:
      most === undefined
        ? names.map((stack) => `${stack}\n`).join("")
        : rollout.stages.map(stageLine).join(""),
    facts: most === undefined ? names : rollout.stages,
    // One line: a workflow reads it into a matrix.
    indent: 0,
  });
  // For the jobs of a workflow that come after this one.
  const output = env["GITHUB_OUTPUT"];
  if (output)
    await appendFile(
      output,
      most === undefined
        ? `stacks=${JSON.stringify(names)}\n`
        : `stages=${JSON.stringify(rollout.stages)}\n`,
    );
  if (!check) return ExitCode.Done;
  const errors = await during("Checking the files of the environments", async () => {
    // The SDK behind it takes a second to load.
    const { checkStacks } = await import("./checkStacks.ts");
    return [...rollout.errors, ...checkStacks(root, names)];
  });
  for (const error of errors) note(error);
  return errors.length === 0 ? ExitCode.Done : ExitCode.Wrong;
}

const stageLine = ({ stacks, approval }: Stage, index: number): string =>
  `${index + 1}  ${stacks.join(", ")}${approval ? "  after an approval" : ""}\n`;
