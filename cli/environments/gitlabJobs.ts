import { Argument } from "commander";
import { stringify } from "yaml";
import type { Define } from "../context.ts";
import { writeTo } from "../jsonOutput.ts";
import { refusalOf } from "../refusal.ts";
import { environmentsIn } from "../touchedStacks.ts";
import { readRollout, type Stage } from "./rollout.ts";

const kinds = ["preview", "deploy", "drift"] as const;
type Kind = (typeof kinds)[number];

export const define: Define = (command, { root, note }, end) => {
  command
    .addArgument(new Argument("<jobs>", "what they do with each environment").choices(kinds))
    .argument("<file>", "written: a child pipeline, which a job of .gitlab-ci.yml starts")
    .action((kind: Kind, file: string) =>
      end(async () => {
        const stacks = (await environmentsIn(root)).map(({ stack }) => stack);
        const { stages, errors } = readRollout(root, stacks);
        if (errors.length > 0) throw refusalOf(`No jobs were written to ${file}:`, errors);
        await writeTo(file, pipelineOf(kind, stages));
        note(`written: ${file}`);
      }),
    );
};

interface Job {
  readonly extends: string;
  readonly stage: string;
  readonly variables?: { readonly STACK: string };
  readonly environment?: { readonly name: string; readonly action?: "access" };
  readonly resource_group?: string;
}

/** What each kind of job is, beside its environment, is in this file. */
const templates = ".gitlab/jobs.yml";

/** A child pipeline of GitLab's with a job for each environment of the rollout. */
export function pipelineOf(kind: Kind, stages: readonly Stage[]): string {
  const jobs = kind === "deploy" ? deployments(stages) : looks(kind, stages);
  if (Object.keys(jobs).length === 0)
    jobs["no-environment"] = { extends: ".no-environment", stage: kind };
  return stringify({
    include: [{ local: templates }],
    stages: [...new Set(Object.values(jobs).map(({ stage }) => stage))],
    ...jobs,
  });
}

/** Jobs that change nothing, all at once. */
const looks = (kind: Kind, stages: readonly Stage[]): Record<string, Job> =>
  Object.fromEntries(
    stages
      .flatMap(({ stacks }) => stacks)
      .map((stack) => [`${kind}:${stack}`, look(stack, `.${kind}`, kind)]),
  );

const look = (stack: string, template: string, stage: string): Job => ({
  extends: template,
  stage,
  variables: { STACK: stack },
  // `access`: a look is no deployment.
  environment: { name: `preview-${stack}`, action: "access" },
});

function deployments(stages: readonly Stage[]): Record<string, Job> {
  const jobs: Record<string, Job> = {};
  for (const [index, { stacks, approval }] of stages.entries()) {
    const stage = `stage-${index + 1}`;
    if (approval)
      for (const stack of stacks)
        jobs[`deploy-preview:${stack}`] = look(stack, ".deploy-preview", `preview-${index + 1}`);
    for (const stack of stacks)
      jobs[`deploy:${stack}`] = {
        extends: approval ? ".deploy-after-approval" : ".deploy",
        stage,
        variables: { STACK: stack },
        environment: { name: stack },
        resource_group: stack,
      };
  }
  return jobs;
}
