import { parse } from "yaml";
import { problemsInLine } from "./commands.ts";
import {
  calledBy,
  isCalledOnly,
  jobsOf,
  type Job,
  type Step,
  type Workflow,
  type Workflows,
} from "./workflow.ts";

/**
 * Every action that the workflows may use, at the one commit that it is pinned to. Each commit was
 * compared with what public repositories pin under that version.
 */
const actions: Readonly<Record<string, { commit: string; version: string }>> = {
  "actions/checkout": { commit: "08c6903cd8c0fde910a37f88322edcfb5dd907a8", version: "v5.0.0" },
  "actions/setup-node": { commit: "a0853c24544627f65ddf259abe73b1d18a591444", version: "v5.0.0" },
  "actions/cache": { commit: "0057852bfaa89a56745cba8c7296529d2fc39830", version: "v4.3.0" },
  "aws-actions/configure-aws-credentials": {
    commit: "a03048d87541d1d9fcf2ecf528a4a65ba9bd7838",
    version: "v5.0.0",
  },
};

const sameRepository = "github.event.pull_request.head.repo.full_name == github.repository";
const uses = (job: Job, action: string): boolean =>
  job.steps.some((step) => step.uses?.startsWith(`${action}@`));
const runs = (job: Job, line: RegExp): boolean =>
  job.steps.some(({ run }) => run !== undefined && line.test(run));
/** Parts of a command's words that change an environment. */
const changes = /^npx mlflow-instances (deploy|review-environment (up|destroy|reap))\b/;

/**
 * What breaks the rules that every workflow keeps. A workflow that is only called is looked at with
 * each job that calls it.
 */
export async function problemsInWorkflow(workflows: Workflows, file: string): Promise<string[]> {
  const text = workflows[file]!;
  const workflow = parse(text) as Workflow;
  const problems = [...triggers(workflow), ...pins(workflows, text), ...calls(workflows, workflow)];
  if (workflow.env !== undefined)
    problems.push("env: belongs to the job or the step that needs it");
  if (isCalledOnly(workflow)) {
    // They would be taken away from what the calling job gives.
    if (workflow.permissions !== undefined)
      problems.push("permissions: are those of the job that calls it");
    return problems;
  }
  if (JSON.stringify(workflow.permissions) !== "{}")
    problems.push("permissions: everything has to be taken away first, with {}");
  for (const [name, job] of Object.entries(jobsOf(workflows, workflow))) {
    // Of a call that is no workflow of this repository, the check of the pins tells.
    if (job.uses !== undefined) continue;
    const found = [
      ...setting(job),
      ...permissions(job),
      ...secrets(job),
      ...forks(workflow, job),
      ...(await lines(job)),
    ];
    problems.push(...found.map((problem) => `jobs.${name}: ${problem}`));
  }
  return problems;
}

function triggers({ on }: Workflow): string[] {
  const allowed = ["pull_request", "push", "schedule", "workflow_dispatch", "workflow_call"];
  const names = Object.keys(on);
  if (names.length > 1 && names.includes("workflow_call"))
    return ["on: workflow_call has a workflow of its own, which nothing else starts"];
  return names
    .filter((name) => !allowed.includes(name))
    .map((name) => `on: ${name} is not one of ${allowed.join(", ")}`);
}

/** GitHub refuses a call that gives less than what the called jobs ask for. */
function calls(workflows: Workflows, { jobs }: Workflow): string[] {
  return Object.entries(jobs).flatMap(([name, job]) => {
    const called = calledBy(workflows, job);
    if (called === undefined) return [];
    const problems: string[] = [];
    if (job.secrets !== "inherit")
      problems.push(`jobs.${name}: secrets: an environment's secrets reach a call by inherit only`);
    const given = job.permissions;
    for (const [inner, { permissions: asked = {} }] of Object.entries(called.jobs))
      for (const [right, value] of Object.entries(asked))
        if (given?.[right] !== value)
          problems.push(`jobs.${name}: permissions: ${inner} asks for ${right}: ${value}`);
    return problems;
  });
}

function pins(workflows: Workflows, text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const used = /\buses:\s*(.*)$/.exec(line)?.[1];
    if (used === undefined || calledBy(workflows, { uses: used, steps: [] }) !== undefined)
      return [];
    const [, action = "", commit, version] =
      /^([\w-]+\/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$/.exec(used) ?? [];
    const pin = actions[action];
    return pin !== undefined && pin.commit === commit && pin.version === version
      ? []
      : [`uses: ${used} is not one of the pinned actions`];
  });
}

function setting(job: Job): string[] {
  const problems: string[] = [];
  if (!/^ubuntu-\d\d\.04$/.test(job["runs-on"] ?? "")) problems.push("runs-on: names no version");
  // Building every tool from source takes longer, and holds no environment up.
  const most = job.environment === undefined && job.container !== undefined ? 180 : 60;
  if (!(Number(job["timeout-minutes"]) <= most))
    problems.push(`timeout-minutes: is missing, or more than ${most}`);
  const checkouts = job.steps.filter((step) => step.uses?.startsWith("actions/checkout@"));
  if (checkouts.some((step) => step.with?.["persist-credentials"] !== false))
    problems.push("checkout keeps its token in the clone");
  if (checkouts.some((step) => step.with?.["fetch-depth"] !== 0))
    problems.push("checkout fetches no history");
  // Whoever may write to the branch of a pull request says what its names are.
  const refs = checkouts.map((step) => String(step.with?.["ref"] ?? ""));
  if (refs.some((ref) => /head|github\.event\.pull_request/.test(ref)))
    problems.push("checkout of a ref that a pull request names");
  if (job.steps.some(isChange)) {
    if (job.concurrency?.["cancel-in-progress"] !== false)
      problems.push("concurrency: what changes an environment must not be cancelled");
    if (job.environment === undefined) problems.push("environment: is missing");
  }
  return problems;
}
const isChange = ({ run }: Step): boolean => run !== undefined && changes.test(run);

function permissions(job: Job): string[] {
  const needed: Record<string, string> = { contents: "read" };
  if (uses(job, "aws-actions/configure-aws-credentials")) needed["id-token"] = "write";
  if (runs(job, /^npx mlflow-instances comment\b/)) needed["pull-requests"] = "write";
  if (runs(job, /^npx mlflow-instances drift\b.* --issue\b/)) needed["issues"] = "write";
  if (runs(job, /^npm run publish-release\b/)) needed["contents"] = "write";
  const given = job.permissions ?? {};
  const show = (all: Record<string, string>): string =>
    Object.entries(all)
      .map(([key, value]) => `${key}: ${value}`)
      .sort()
      .join(", ");
  return show(given) === show(needed)
    ? []
    : [`permissions: are {${show(given)}}, but its steps need {${show(needed)}}`];
}

function secrets(job: Job): string[] {
  const secret = /\bsecrets\b|github\.token/;
  const problems: string[] = [];
  if (Object.values(job.env ?? {}).some((value) => secret.test(value)))
    problems.push("env: a secret is handed to every step");
  for (const step of job.steps) {
    if (step.run === "npm ci" && step.env !== undefined)
      problems.push("npm ci, which runs scripts of others, gets variables");
    if (secret.test(JSON.stringify(step.with ?? {})))
      problems.push("with: a secret is handed to an action");
    if (step.run === undefined && secret.test(JSON.stringify(step.env ?? {})))
      problems.push("env: a secret is handed to an action");
    const keys = [
      ...JSON.stringify([step.env, step.with]).matchAll(
        /AWS_(ACCESS|SECRET)[A-Z_]*|(GOOGLE|AZURE)_[A-Z_]*(KEY|CREDENTIALS|SECRET)/g,
      ),
    ];
    if (keys.length > 0)
      problems.push(`${keys[0]?.[0]}: a key of the cloud instead of a login by OIDC`);
  }
  return problems;
}

/** Whatever has a right or a secret never runs for a pull request from a fork. */
function forks({ on }: Workflow, job: Job): string[] {
  if (!("pull_request" in on)) return [];
  const text = JSON.stringify(job.steps);
  const trusted =
    job.environment !== undefined ||
    /secrets\.|github\.token/.test(text) ||
    Object.values(job.permissions ?? {}).includes("write");
  const condition = job.if ?? "";
  const guarded =
    condition.includes(`&& ${sameRepository}`) ||
    condition.startsWith(sameRepository) ||
    condition.startsWith("github.event_name != 'pull_request' &&");
  return trusted && !guarded
    ? ["if: lets pull requests from forks in, though the job has a secret or a right to write"]
    : [];
}

async function lines(job: Job): Promise<string[]> {
  const problems: string[] = [];
  for (const { run, env, shell } of job.steps) {
    if (shell !== undefined) problems.push("shell: is set");
    if (run === undefined) continue;
    if (run.includes("${{")) problems.push(`\`${run}\`: an expression in the text of a command`);
    else
      problems.push(
        ...(await problemsInLine(
          run,
          (name) =>
            name in (env ?? {}) || name in (job.env ?? {}) || name === "GITHUB_STEP_SUMMARY",
        )),
      );
  }
  return problems;
}
