import { parse } from "yaml";
import type { Stage } from "../../../../../../cli/environments/rollout.ts";
import { evaluate, filled, holds, type Contexts } from "./expressions.ts";
import { calledBy, inputsOf, type Job, type Workflow, type Workflows } from "./workflow.ts";

/** A job as a run of the workflow would have it. */
export interface PlannedJob {
  /** With the jobs that call it: `stage-2/deploy (eu)/run`. */
  readonly name: string;
  readonly environment: string | undefined;
  readonly group: string | undefined;
  readonly runs: readonly string[];
}

interface State {
  /** What has gone wrong before: a whole stage, or a preview in the stage of the job. */
  readonly failed?: "stage" | "preview";
  /** Whether the job that plans has run, as it does on main only. */
  readonly planned?: boolean;
}

/** The jobs that `deploy.yml` runs for a rollout, in its order. */
export function planOf(
  workflows: Workflows,
  stages: readonly Stage[],
  { failed, planned = true }: State = {},
): PlannedJob[] {
  const { jobs } = parse(workflows["deploy.yml"]!) as Workflow;
  const needs = {
    plan: planned
      ? { result: "success", outputs: { stages: JSON.stringify(stages) } }
      : { result: "skipped", outputs: { stages: "" } },
  };
  const { plan: _, ...rest } = jobs;
  return Object.entries(rest).flatMap(([name, job]) =>
    jobsIn(workflows, name, job, { needs, failure: () => failed === "stage", failed }),
  );
}

function jobsIn(workflows: Workflows, name: string, job: Job, contexts: Contexts): PlannedJob[] {
  if (!holds(job.if, contexts)) return [];
  const stacks = job.strategy?.matrix["stack"];
  if (stacks !== undefined) {
    const { strategy: _, ...one } = job;
    return filled(stacks as unknown as string[], contexts).flatMap((stack) =>
      jobsIn(workflows, `${name} (${stack})`, one, { ...contexts, matrix: { stack } }),
    );
  }
  const called = calledBy(workflows, job);
  if (called === undefined) return [asRun(name, job, contexts)];
  const inputs = filled(inputsOf(called, job), { ...contexts, github: { run_id: 4711 } });
  // A called workflow knows of its own failures only.
  const { failed } = contexts;
  const failure = (): boolean => failed === "preview";
  return Object.entries(called.jobs).flatMap(([inner, each]) =>
    jobsIn(workflows, `${name}/${inner}`, each, { inputs, failed, failure }),
  );
}

const asRun = (name: string, job: Job, contexts: Contexts): PlannedJob => ({
  name,
  environment: filled(job.environment, contexts),
  group: filled(job.concurrency?.group, contexts),
  runs: job.steps
    .filter(({ run, if: condition }) => run !== undefined && holds(condition, contexts))
    .map(({ run, env = {} }) => withVariables(run!, { ...job.env, ...env }, contexts)),
});

/** The line as the shell reads it, for those variables that the inputs set. */
const withVariables = (line: string, env: Record<string, string>, contexts: Contexts): string =>
  line.replaceAll(/"\$(\w+)"/g, (text, name: string) => {
    const input = /^\$\{\{ (inputs\.\w+) \}\}$/.exec(env[name] ?? "")?.[1];
    return input === undefined ? text : String(evaluate(input, contexts));
  });

/** What breaks the order of a rollout, or its approvals. */
export function problemsInOrder(workflows: Workflows, stages: readonly Stage[]): string[] {
  const { jobs } = parse(workflows["deploy.yml"]!) as Workflow;
  const plan = planOf(workflows, stages);
  const late = [
    ...planOf(workflows, stages, { failed: "stage" }),
    ...planOf(workflows, stages, { failed: "preview" }).filter(({ name }) =>
      name.includes("/deploy ("),
    ),
  ];
  const problems = late.map(({ name }) => `${name}: runs after a failure`);
  for (const [index, { stacks, approval }] of stages.entries()) {
    const stage = `stage-${index + 1}`;
    const needs = [jobs[stage]?.needs ?? []].flat();
    const before = index === 0 ? "plan" : `stage-${index}`;
    if (!needs.includes(before)) problems.push(`${stage}: does not wait for ${before}`);
    for (const stack of stacks) {
      const own = plan.filter(
        ({ name }) => name.startsWith(`${stage}/`) && name.includes(` (${stack})/`),
      );
      const wanted = [...(approval ? [previewOf(stack)] : []), deploymentOf(stack, approval)];
      if (JSON.stringify(own.map(facts)) !== JSON.stringify(wanted))
        problems.push(`${stage}: ${stack} is not deployed as its stage says`);
    }
  }
  const called = parse(workflows["stage.yml"]!) as Workflow;
  if (![called.jobs["deploy"]?.needs].flat().includes("preview"))
    problems.push("stage.yml: deploys before the preview");
  for (const [name, job] of Object.entries(called.jobs))
    if (job.strategy?.["fail-fast"] !== false)
      problems.push(`stage.yml: ${name}: a failure cancels the updates beside it`);
  if (
    plan.length !==
    stages.flatMap(({ stacks, approval }) => (approval ? [...stacks, ...stacks] : stacks)).length
  )
    problems.push("jobs are planned that no stage asks for");
  return problems;
}

const facts = ({ environment, group, runs }: PlannedJob): object => ({
  environment,
  group: group?.replace(/-4711$/, ""),
  runs,
});

const previewOf = (stack: string): object => ({
  environment: `preview-${stack}`,
  group: `deploy-preview-${stack}`,
  runs: [
    "npm ci",
    `npx mlflow-instances setup-ci ${stack}`,
    `npx mlflow-instances preview ${stack} --markdown "$GITHUB_STEP_SUMMARY"`,
  ],
});

const deploymentOf = (stack: string, approval: boolean): object => ({
  environment: stack,
  group: `deploy-${stack}`,
  runs: [
    "npm ci",
    `npx mlflow-instances setup-ci ${stack}${approval ? " --newest-of main" : ""}`,
    `npx mlflow-instances deploy ${stack}`,
  ],
});
