import { parse } from "yaml";

export interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly shell?: string;
  readonly env?: Record<string, string>;
  readonly with?: Record<string, string | number | boolean>;
}

export interface Job {
  readonly if?: string;
  readonly needs?: string | string[];
  readonly permissions?: Record<string, string>;
  readonly strategy?: {
    readonly "fail-fast"?: boolean;
    readonly matrix: Record<string, string | string[]>;
  };
  readonly environment?: string;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly env?: Record<string, string>;
  readonly container?: unknown;
  readonly "runs-on"?: string;
  readonly "timeout-minutes"?: number | string;
  readonly steps: readonly Step[];
  /** A workflow that is called instead of steps. */
  readonly uses?: string;
  readonly with?: Record<string, string | number | boolean>;
  readonly secrets?: unknown;
}

export interface Workflow {
  readonly on: Record<string, any>;
  readonly permissions?: unknown;
  readonly env?: Record<string, string>;
  readonly concurrency?: unknown;
  readonly jobs: Record<string, Job>;
}

/** Texts of workflows by the name of their file. */
export type Workflows = Readonly<Record<string, string>>;

export const isCalledOnly = ({ on }: Workflow): boolean =>
  Object.keys(on).join() === "workflow_call";

/** The workflow of this repository that a job calls. */
export function calledBy(workflows: Workflows, { uses }: Job): Workflow | undefined {
  const name = /^\.\/\.github\/workflows\/([\w-]+\.yml)$/.exec(uses ?? "")?.[1];
  const text = name === undefined ? undefined : workflows[name];
  return text === undefined ? undefined : (parse(text) as Workflow);
}

/** What a called workflow gets: the values of the call, else its own defaults. */
export function inputsOf(called: Workflow, job: Job): Record<string, string | number | boolean> {
  const declared = (called.on["workflow_call"]?.inputs ?? {}) as Record<
    string,
    { default?: string | number | boolean }
  >;
  const values: Record<string, string | number | boolean> = {};
  for (const [name, input] of Object.entries(declared)) {
    const value = job.with?.[name] ?? input.default;
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/**
 * The jobs that really run: each called workflow's in the place of the job that calls it, with the
 * texts of the call in the place of its inputs, and without the steps of other tasks.
 */
export function jobsOf(workflows: Workflows, workflow: Workflow): Record<string, Job> {
  const jobs: Record<string, Job> = {};
  for (const [name, job] of Object.entries(workflow.jobs)) {
    const called = calledBy(workflows, job);
    if (called === undefined) {
      jobs[name] = job;
      continue;
    }
    const inputs = inputsOf(called, job);
    for (const [inner, each] of Object.entries(jobsOf(workflows, called))) {
      const own = withTexts(each, inputs);
      jobs[`${name}/${inner}`] = {
        ...own,
        ...(job.if === undefined ? {} : { if: job.if }),
        ...((own.permissions ?? job.permissions) === undefined
          ? {}
          : { permissions: own.permissions ?? job.permissions! }),
        steps: own.steps.filter((step) => mayRun(step, inputs)),
      };
    }
  }
  return jobs;
}

const withTexts = (job: Job, inputs: Record<string, unknown>): Job =>
  JSON.parse(
    JSON.stringify(job).replaceAll(/\$\{\{ inputs\.(\w+) \}\}/g, (text, name: string) =>
      name in inputs ? JSON.stringify(String(inputs[name])).slice(1, -1) : text,
    ),
  ) as Job;

/** Whether a step may run with these inputs; one that is known only in a run may. */
const mayRun = ({ if: condition = "" }: Step, inputs: Record<string, unknown>): boolean =>
  [...condition.matchAll(/inputs\.(\w+) (==|!=) '([^']*)'/g)].every(
    ([, name = "", operator, wanted]) => {
      const value = String(inputs[name]);
      return value.includes("${{") || (value === wanted) === (operator === "==");
    },
  );
