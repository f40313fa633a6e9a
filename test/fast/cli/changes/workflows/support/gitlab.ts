import { parse } from "yaml";
import { problemsInLine } from "./commands.ts";

interface Rule {
  readonly if?: string;
  readonly when?: string;
  readonly allow_failure?: boolean;
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
}

const notJobs = ["workflow", "stages", "variables", "default", "include"];
const ownProject =
  "$CI_MERGE_REQUEST_PROJECT_ID == $CI_PROJECT_ID && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID";
/** Set by GitLab itself. */
const predefined = /^CI_(DEFAULT_BRANCH|MERGE_REQUEST_(IID|DIFF_BASE_SHA))$/;
const setUp = /^npx mlflow-instances setup-ci /;
const changes = /^npx mlflow-instances (deploy|review-environment (up|destroy|reap))\b/;

/**
 * What breaks the rules that the pipeline keeps. These are our own: GitLab's check of the syntax is
 * part of its server.
 */
export async function problemsInPipeline(
  text: string,
  order: readonly string[],
): Promise<string[]> {
  const file = parse(text) as Record<string, unknown>;
  const variables = (file["variables"] ?? {}) as Record<string, string>;
  const problems: string[] = [];
  for (const key of ["include"])
    if (key in file) problems.push(`${key}: takes jobs from elsewhere`);
  const fallback = (file["default"] ?? {}) as Job;
  if (!/^\$NODE_IMAGE$|@sha256:[0-9a-f]{64}$/.test(fallback.image ?? ""))
    problems.push("default.image: is neither $NODE_IMAGE nor pinned");
  for (const [name, value] of Object.entries(variables)) {
    if (/TOKEN$|SECRET|PASSWORD|PASSPHRASE|KEY/.test(name) || String(value).length > 100)
      problems.push(`variables.${name}: looks like a secret`);
  }
  const jobs = jobsOf(file);
  for (const [name, job] of Object.entries(jobs)) {
    const found = [...environment(job), ...forks(job), ...(await lines(job, variables))];
    if (job.image !== undefined) found.push("image: is not the pipeline's");
    problems.push(...found.map((problem) => `${name}: ${problem}`));
  }
  return [...problems, ...inOrder(file["stages"] as string[], jobs, order)];
}

/** The jobs that run, with what they extend filled in. */
function jobsOf(file: Record<string, unknown>): Record<string, Job> {
  const whole = (job: Job): Job => {
    if (job.extends === undefined) return job;
    const base = whole(file[job.extends] as Job);
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
      /^\$CI_PIPELINE_SOURCE == "schedule"|^\$CI_COMMIT_BRANCH == \$CI_DEFAULT_BRANCH && /.test(
        condition,
      );
    const open = !others && !(condition.includes(` && ${ownProject}`) && !condition.includes("||"));
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
  return (await Promise.all(linesOf(job).map((line) => problemsInLine(line, known)))).flat();
}

function inOrder(
  stages: readonly string[],
  jobs: Record<string, Job>,
  order: readonly string[],
): string[] {
  const problems: string[] = [];
  for (const [index, stack] of order.entries()) {
    const job = jobs[`deploy:${stack}`];
    if (job === undefined) {
      problems.push(`deploy:${stack}: there is no such job`);
      continue;
    }
    const before = order[index - 1];
    const stageOf = (one: Job | undefined): number => stages.indexOf(one?.stage ?? "");
    if (before !== undefined && !(stageOf(job) > stageOf(jobs[`deploy:${before}`])))
      problems.push(`deploy:${stack}: is in no later stage than ${before}`);
    if ("needs" in job) problems.push(`deploy:${stack}: overtakes its stage`);
    if (
      job.variables?.["STACK"] !== stack ||
      job.environment?.name !== stack ||
      job.resource_group !== stack
    )
      problems.push(
        `deploy:${stack}: variable, environment and resource group are not all of ${stack}`,
      );
    if (job.script?.join() !== 'npx mlflow-instances deploy "$STACK"')
      problems.push(`deploy:${stack}: does something else than to deploy`);
  }
  const prod = jobs[`deploy:${order.at(-1)}`];
  if (prod?.rules?.some(({ when, allow_failure }) => when !== "manual" || allow_failure !== false))
    problems.push(`deploy:${order.at(-1)}: does not wait for somebody to start it`);
  if (!prod?.before_script?.some((line) => line.includes(" --newest-of ")))
    problems.push(`deploy:${order.at(-1)}: could go over something newer`);
  return problems;
}
