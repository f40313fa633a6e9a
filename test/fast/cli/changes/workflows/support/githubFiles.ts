import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { parse } from "yaml";
import type { Stage } from "../../../../../../cli/environments/rollout.ts";
import { root } from "./commands.ts";
import { problemsInWorkflow } from "./github.ts";
import type { Workflow, Workflows } from "./workflow.ts";

// This repository's workflows for GitHub, as they are and broken.

const folder = join(root, ".github/workflows");
export const names = readdirSync(folder).sort();
export const workflows: Workflows = Object.fromEntries(
  names.map((name) => [name, readFileSync(join(folder, name), "utf8")]),
);
export const read = (name: string): Workflow => parse(workflows[name]!) as Workflow;

/** Other environments than those of this repository's stacks/. */
export const four: Stage[] = [
  { stacks: ["lab"], approval: false },
  { stacks: ["eu", "us"], approval: false },
  { stacks: ["trial"], approval: true },
  { stacks: ["live", "live-2"], approval: true },
];

/**
 * Copies with the first occurrence in one of them replaced; a text that is not there is a
 * mistake of the test.
 */
export function broken(name: string, from: string, to: string): Workflows {
  const text = workflows[name]!;
  const at = text.indexOf(from);
  if (at < 0) throw new Error(`${name} has no ${JSON.stringify(from)}`);
  return { ...workflows, [name]: text.slice(0, at) + to + text.slice(at + from.length) };
}

/** A workflow broken in this way has problems, and all of them are this one. */
export async function expectProblem(
  name: string,
  from: string,
  to: string,
  problem: RegExp,
): Promise<void> {
  const copies = broken(name, from, to);
  // A called workflow with each workflow that calls it.
  const callers = name === "environment.yml" ? ["drift.yml", "review-environment.yml"] : [];
  const problems = await Promise.all(
    [name, ...callers].map((each) => problemsInWorkflow(copies, each)),
  );
  expect(problems.flat().length).toBeGreaterThan(0);
  for (const each of problems.flat()) expect(each).toMatch(problem);
}
