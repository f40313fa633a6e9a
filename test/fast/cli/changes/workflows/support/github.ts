import { parse } from "yaml";
import { problemsInLine } from "./commands.ts";

/**
 * Every action that the workflows may use, at the one commit that it is pinned to. Each commit was
 * compared with what public repositories pin under that version.
 */
const actions: Readonly<Record<string, { commit: string; version: string }>> = {
  "actions/checkout": { commit: "08c6903cd8c0fde910a37f88322edcfb5dd907a8", version: "v5.0.0" },
  "actions/setup-node": { commit: "a0853c24544627f65ddf259abe73b1d18a591444", version: "v5.0.0" },
  "aws-actions/configure-aws-credentials": {
    commit: "a03048d87541d1d9fcf2ecf528a4a65ba9bd7838",
    version: "v5.0.0",
  },
};

interface Step {
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
  readonly environment?: string;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly env?: Record<string, string>;
  readonly "runs-on"?: string;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

export interface Workflow {
  readonly on: Record<string, unknown>;
  readonly permissions?: unknown;
  readonly env?: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

const sameRepository = "github.event.pull_request.head.repo.full_name == github.repository";
const uses = (job: Job, action: string): boolean =>
  job.steps.some((step) => step.uses?.startsWith(`${action}@`));
const runs = (job: Job, line: RegExp): boolean =>
  job.steps.some(({ run }) => run !== undefined && line.test(run));
/** Parts of a command's words that change an environment. */
const changes = /^npx mlflow-instances (deploy|review-environment (up|destroy|reap))\b/;

/** What breaks the rules that every workflow keeps. */
export async function problemsInWorkflow(text: string): Promise<string[]> {
  const workflow = parse(text) as Workflow;
  const problems = [...triggers(workflow), ...pins(text)];
  if (JSON.stringify(workflow.permissions) !== "{}")
    problems.push("permissions: everything has to be taken away first, with {}");
  if (workflow.env !== undefined)
    problems.push("env: belongs to the job or the step that needs it");
  for (const [name, job] of Object.entries(workflow.jobs)) {
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
  const allowed = ["pull_request", "push", "schedule", "workflow_dispatch"];
  return Object.keys(on)
    .filter((name) => !allowed.includes(name))
    .map((name) => `on: ${name} is not one of ${allowed.join(", ")}`);
}

function pins(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const used = /\buses:\s*(.*)$/.exec(line)?.[1];
    if (used === undefined) return [];
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
  if (!(Number(job["timeout-minutes"]) <= 60))
    problems.push("timeout-minutes: is missing, or more than an hour");
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

/**
 * What breaks the order of the environments: each job waits for the one before it, and none starts
 * after one that failed.
 */
export function problemsInOrder(text: string, order: readonly string[]): string[] {
  const { jobs } = parse(text) as Workflow;
  const problems: string[] = [];
  for (const [index, name] of order.entries()) {
    const job = jobs[name];
    if (job === undefined) {
      problems.push(`${name}: there is no such job`);
      continue;
    }
    const needs = [job.needs ?? []].flat();
    const before = order[index - 1];
    if (before !== undefined && !needs.includes(before))
      problems.push(`${name}: does not wait for ${before}`);
    if (job.environment !== name) problems.push(`${name}: is not in the environment ${name}`);
    if (job.concurrency?.group !== `deploy-${name}`)
      problems.push(`${name}: has no concurrency group of its own`);
    if (
      job.if !==
      `\${{ !cancelled() && !failure() && contains(fromJSON(needs.stacks.outputs.stacks), '${name}') }}`
    )
      problems.push(
        `${name}: does not stop after a failure, or does not look whether its stack is there`,
      );
    if (!runs(job, new RegExp(`^npx mlflow-instances deploy ${name}$`)))
      problems.push(`${name}: does not deploy it`);
  }
  return problems;
}
