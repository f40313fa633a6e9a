import { parse } from "yaml";
import { pipelineOf } from "../../../../../../cli/environments/gitlabJobs.ts";
import type { Stage } from "../../../../../../cli/environments/rollout.ts";
import { problemsInLine } from "./commands.ts";

/** The pipeline's file, and the one that it and its child pipelines include. */
export interface Pipeline {
  readonly main: string;
  readonly templates: string;
}

interface Rule {
  readonly if?: string;
  readonly when?: string;
  readonly allow_failure?: boolean;
  readonly variables?: Record<string, string>;
}

interface Job {
  readonly extends?: string;
  readonly stage?: string;
  readonly image?: string;
  readonly timeout?: string;
  readonly interruptible?: boolean;
  readonly variables?: Record<string, string>;
  readonly environment?: { readonly name: string; readonly action?: string };
  readonly resource_group?: string;
  readonly id_tokens?: Record<string, unknown>;
  readonly rules?: readonly Rule[];
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly after_script?: readonly string[];
  readonly trigger?: unknown;
}

const notJobs = ["workflow", "stages", "variables", "default", "include"];
const ownProject =
  "$CI_MERGE_REQUEST_PROJECT_ID == $CI_PROJECT_ID && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID";
/** Set by GitLab itself. */
const predefined = /^CI_(DEFAULT_BRANCH|MERGE_REQUEST_(IID|DIFF_BASE_SHA))$/;
const setUp = /^npx mlflow-instances setup-ci /;
const changes = /^npx mlflow-instances (deploy|review-environment (up|destroy|reap))\b/;

const templatesFile = ".gitlab/jobs.yml";

/**
 * What breaks the rules that the pipeline and its child pipelines keep. These are our own: GitLab's
 * check of the syntax is part of its server.
 */
export async function problemsInPipeline(
  pipeline: Pipeline,
  stages: readonly Stage[],
): Promise<string[]> {
  const children = await Promise.all(
    (["preview", "deploy", "drift"] as const).map((kind) =>
      problemsInFile({ ...pipeline, main: pipelineOf(kind, stages) }),
    ),
  );
  return [
    ...(await problemsInFile(pipeline)),
    ...children.flat(),
    ...inOrder({ ...pipeline, main: pipelineOf("deploy", stages) }, stages),
    ...calls(wholeOf(pipeline)),
  ];
}

/** The file with what it includes. */
function wholeOf({ main, templates }: Pipeline): Record<string, unknown> {
  return { ...(parse(templates) as object), ...(parse(main) as object) };
}

async function problemsInFile(pipeline: Pipeline): Promise<string[]> {
  const file = wholeOf(pipeline);
  const variables = (file["variables"] ?? {}) as Record<string, string>;
  const problems: string[] = [];
  if (JSON.stringify(file["include"]) !== JSON.stringify([{ local: templatesFile }]))
    problems.push("include: takes jobs from elsewhere");
  const fallback = (file["default"] ?? {}) as Job;
  if (!/^\$NODE_IMAGE$|@sha256:[0-9a-f]{64}$/.test(fallback.image ?? ""))
    problems.push("default.image: is neither $NODE_IMAGE nor pinned");
  for (const [name, value] of Object.entries(variables)) {
    if (/TOKEN$|SECRET|PASSWORD|PASSPHRASE|KEY/.test(name) || String(value).length > 100)
      problems.push(`variables.${name}: looks like a secret`);
  }
  for (const [name, job] of Object.entries(jobsOf(file))) {
    if (job.trigger !== undefined) continue;
    const found = [...environment(job), ...forks(job), ...(await lines(job, variables))];
    if (job.image !== undefined && job.image !== "$TEST_IMAGE")
      found.push("image: is not the pipeline's");
    if (job.image !== undefined && job.environment !== undefined)
      found.push("image: an environment's secrets in an image for tests");
    if (!(file["stages"] as string[]).includes(job.stage ?? ""))
      found.push("stage: is not one of the pipeline's");
    problems.push(...found.map((problem) => `${name}: ${problem}`));
  }
  return problems;
}

/** Each pipeline that is written for the environments is started, for the same reason. */
function calls(file: Record<string, unknown>): string[] {
  const { plan, environments } = jobsOf(file);
  const problems: string[] = [];
  const reasons = (job: Job | undefined): string =>
    (job?.rules ?? []).map((rule) => rule.if).join();
  if (reasons(plan) !== reasons(environments))
    problems.push("environments: is started by other rules than its plan");
  const trigger = { include: [{ artifact: "environments.yml", job: "plan" }], strategy: "depend" };
  if (JSON.stringify(environments?.trigger) !== JSON.stringify(trigger))
    problems.push("environments: does not start, or not wait for, what the plan wrote");
  return problems;
}

/** The jobs that run, with what they extend filled in. */
function jobsOf(file: Record<string, unknown>): Record<string, Job> {
  const whole = (job: Job): Job => {
    if (job.extends === undefined) return job;
    // A template that there isn't leaves the job without a script, which is seen.
    const base = whole(file[job.extends] ?? {});
    return { ...base, ...job, variables: { ...base.variables, ...job.variables } };
  };
  return Object.fromEntries(
    Object.entries(file)
      .filter(([name]) => !name.startsWith(".") && !notJobs.includes(name))
      .map(([name, job]) => [name, whole(job as Job)]),
  );
}

const linesOf = ({
  before_script: before = [],
  script = [],
  after_script: after = [],
}: Job): string[] => [...before, ...script, ...after];

function environment(job: Job): string[] {
  const problems: string[] = [];
  if (job.timeout === undefined) problems.push("timeout: is missing");
  const all = linesOf(job);
  const changing = all.some((line) => changes.test(line));
  if (!all.some((line) => setUp.test(line))) {
    if (changing) problems.push("works on an environment without having been set up for one");
    if (job.environment !== undefined || job.id_tokens !== undefined)
      problems.push("has an environment that it does not need");
    return problems;
  }
  if (job.environment === undefined)
    problems.push("environment: is missing, so its secrets would have to be everybody's");
  if (!("CLOUD_ID_TOKEN" in (job.id_tokens ?? {})))
    problems.push("id_tokens: no token for the cloud");
  if (changing && job.resource_group === undefined)
    problems.push("resource_group: two could run at once");
  if (changing && job.interruptible === true)
    problems.push("interruptible: an update could be cancelled");
  const looks = !changing && job.environment?.action !== "access";
  if (looks)
    problems.push(
      "environment.action: only looks at the environment, and would count as a deployment",
    );
  return problems;
}

/** Only the check runs for a merge request of a fork; it has no environment. */
const forks = (job: Job): string[] =>
  (job.rules ?? [{}]).flatMap(({ if: condition = "" }) => {
    const others =
      /^\$CI_PIPELINE_SOURCE == "schedule"|^\$CI_COMMIT_BRANCH == \$CI_DEFAULT_BRANCH( && |$)/.test(
        condition,
      );
    const open = !others && !(condition.includes(ownProject) && !condition.includes("||"));
    return open &&
      (job.environment !== undefined ||
        linesOf(job).some((line) =>
          /^npx mlflow-instances (comment|preview|deploy|drift)/.test(line),
        ))
      ? ["rules: let merge requests of forks in"]
      : [];
  });

async function lines(job: Job, variables: Record<string, string>): Promise<string[]> {
  const known = (name: string): boolean =>
    predefined.test(name) || name in variables || name in (job.variables ?? {});
  // As each rule has them, with its own values.
  const all = (job.rules ?? [{}]).flatMap(({ variables: own = {} }) =>
    linesOf(job).map((line) =>
      line.replaceAll(/"\$(\w+)"/g, (text, name: string) => own[name] ?? text),
    ),
  );
  return (await Promise.all([...new Set(all)].map((line) => problemsInLine(line, known)))).flat();
}

function inOrder(pipeline: Pipeline, stages: readonly Stage[]): string[] {
  const file = wholeOf(pipeline);
  const jobs = jobsOf(file);
  const order = file["stages"] as string[];
  const stageOf = (name: string): number => order.indexOf(jobs[name]?.stage ?? "");
  const problems: string[] = [];
  let latest = -1;
  for (const { stacks, approval } of stages) {
    const own: number[] = [];
    for (const stack of stacks) {
      const name = `deploy:${stack}`;
      const job = jobs[name];
      if (job === undefined) {
        problems.push(`${name}: there is no such job`);
        continue;
      }
      own.push(stageOf(name));
      if (stageOf(name) <= latest)
        problems.push(`${name}: is in no later stage than the one before`);
      if ("needs" in job) problems.push(`${name}: overtakes its stage`);
      if (
        job.variables?.["STACK"] !== stack ||
        job.environment?.name !== stack ||
        job.resource_group !== stack
      )
        problems.push(`${name}: variable, environment and resource group are not all its own`);
      if (job.script?.join() !== 'npx mlflow-instances deploy "$STACK"')
        problems.push(`${name}: does something else than to deploy`);
      const waits = (job.rules ?? [{}]).every(
        ({ when, allow_failure }) => when === "manual" && allow_failure === false,
      );
      if (waits !== approval)
        problems.push(`${name}: waits for somebody, or not, against its stage`);
      if (!approval) continue;
      if (!job.before_script?.some((line) => line.includes(" --newest-of ")))
        problems.push(`${name}: could go over something newer`);
      const preview = stageOf(`deploy-preview:${stack}`);
      if (!(latest < preview && preview < stageOf(name)))
        problems.push(`${name}: has no preview between it and the stage before`);
    }
    latest = Math.max(...own);
  }
  return problems;
}
