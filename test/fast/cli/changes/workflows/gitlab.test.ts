import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Stage } from "../../../../../cli/environments/rollout.ts";
import { typed } from "../../support/typed.ts";
import { repository } from "../support/repository.ts";
import { projects, root } from "./support/commands.ts";
import { problemsInPipeline, type Pipeline } from "./support/gitlab.ts";

// Rules of our own over the parsed file: GitLab's check of the syntax needs its server, so that
// GitLab takes it is not shown here.

const folder = (name: string): string => readFileSync(join(root, name), "utf8");
const pipeline: Pipeline = {
  main: folder(".gitlab-ci.yml"),
  templates: folder(".gitlab/jobs.yml"),
};

/** Other environments than those of this repository's stacks/. */
const four: Stage[] = [
  { stacks: ["lab"], approval: false },
  { stacks: ["eu", "us"], approval: false },
  { stacks: ["trial"], approval: true },
  { stacks: ["live", "live-2"], approval: true },
];

it.each<[string, Stage[]]>([
  ["four stages, two of them after an approval", four],
  ["one environment", [{ stacks: ["lab"], approval: false }]],
  ["no environment", []],
])("the pipeline keeps every rule: %s", async (_what, stages) => {
  expect(await problemsInPipeline(pipeline, stages)).toEqual([]);
});

it("names no environment", () => {
  expect(`${pipeline.main}${pipeline.templates}`).not.toMatch(/\b(dev|staging|prod)\b/);
});

it("runs every kind of tests", () => {
  for (const name of projects.filter((each) => !each.startsWith("fast")))
    expect(pipeline.main).toContain(`- npx vitest run --project ${name}\n`);
  expect(pipeline.main).toContain("- npm run check\n");
});

describe("npx mlflow-instances gitlab-jobs", () => {
  const stackFile = "config:\n  mlflow-instances:environment: {}\n";
  const files = {
    "stacks/Pulumi.lab.yaml": stackFile,
    "stacks/Pulumi.live.yaml": stackFile,
  };
  let repo: ReturnType<typeof repository>;
  afterEach(() => repo.remove());

  it("writes the jobs of the rollout's environments", async () => {
    repo = repository({
      ...files,
      "stacks/rollout.yaml": "stages:\n  - stacks: [lab]\n  - stacks: [live]\n    approval: true\n",
    });
    const file = join(repo.root, "jobs.yml");
    expect(await typed(repo.root, ["gitlab-jobs", "deploy", file])).toEqual({
      code: 0,
      out: "",
      notes: `written: ${file}\n`,
    });
    expect(parse(readFileSync(file, "utf8"))).toEqual({
      include: [{ local: ".gitlab/jobs.yml" }],
      stages: ["stage-1", "preview-2", "stage-2"],
      "deploy:lab": {
        extends: ".deploy",
        stage: "stage-1",
        variables: { STACK: "lab" },
        environment: { name: "lab" },
        resource_group: "lab",
      },
      "deploy-preview:live": {
        extends: ".deploy-preview",
        stage: "preview-2",
        variables: { STACK: "live" },
        environment: { name: "preview-live", action: "access" },
      },
      "deploy:live": {
        extends: ".deploy-after-approval",
        stage: "stage-2",
        variables: { STACK: "live" },
        environment: { name: "live" },
        resource_group: "live",
      },
    });
  });

  it("refuses a rollout that is wrong", async () => {
    repo = repository({ ...files, "stacks/rollout.yaml": "stages:\n  - stacks: [lab]\n" });
    const file = join(repo.root, "jobs.yml");
    expect(await typed(repo.root, ["gitlab-jobs", "drift", file])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('stacks/rollout.yaml:1:1 stages: no stage names "live"'),
    });
    expect(existsSync(file)).toBe(false);
  });
});

describe("a broken pipeline is seen", () => {
  it.each<[string, string, string, RegExp]>([
    [
      "an approval that nobody gives",
      "      when: manual\n      allow_failure: false\n",
      "",
      /^deploy:(trial|live|live-2): waits for somebody, or not/,
    ],
    [
      "an approval that may be left out",
      "allow_failure: false",
      "allow_failure: true",
      /^deploy:(trial|live|live-2): waits for somebody, or not/,
    ],
    [
      "a late approval over something newer",
      ' --newest-of "$CI_DEFAULT_BRANCH"',
      "",
      /^deploy:(trial|live|live-2): could go over something newer/,
    ],
    [
      "a preview for forks",
      "    - if: $CI_MERGE_REQUEST_PROJECT_ID == $CI_PROJECT_ID && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID",
      "    - if: $CI_MERGE_REQUEST_ID",
      /^preview:[\w-]+: rules: let merge requests of forks in$/,
    ],
    [
      "a kind of jobs that there isn't",
      "JOBS: drift",
      "JOBS: drifts",
      /^plan: .*'drifts' is invalid/,
    ],
    [
      "a pipeline that is written and not started",
      "    - if: *nightly\n",
      "",
      /^environments: is started by other rules/,
    ],
    [
      "a pipeline that nobody waits for",
      "    strategy: depend\n",
      "",
      /^environments: does not start, or not wait for/,
    ],
    [
      "tests with the secrets of an environment",
      ".tests:\n  stage: tests\n",
      ".tests:\n  stage: tests\n  environment: { name: live }\n",
      /^(services|judged|engine): (image: an environment's|has an environment|rules: let)/,
    ],
    [
      "an update that can be cancelled",
      ".deploy:\n",
      ".deploy:\n  interruptible: true\n",
      /^deploy:[\w-]+: interruptible/,
    ],
    [
      "keys of the cloud instead of a login",
      "    CLOUD_ID_TOKEN:\n",
      "    OTHER_TOKEN:\n",
      /: id_tokens: no token for the cloud$/,
    ],
    [
      "a secret in the file",
      'GIT_DEPTH: "0"',
      'GIT_DEPTH: "0"\n  GITLAB_TOKEN: abc',
      /^variables\.GITLAB_TOKEN: looks like a secret$/,
    ],
    [
      "jobs from elsewhere",
      "  - local: .gitlab/jobs.yml\n",
      "  - local: .gitlab/jobs.yml\n  - remote: https://example.com/x.yml\n",
      /^include: takes jobs from elsewhere$/,
    ],
    [
      "an image of its own",
      "check:\n  stage: check\n",
      "check:\n  stage: check\n  image: alpine:latest\n",
      /^check: image: is not the pipeline's$/,
    ],
    [
      "an image by a name that changes",
      "  image: $NODE_IMAGE",
      "  image: node:latest",
      /^default\.image: is neither/,
    ],
    ["a shell script", "npm run check", "tsc --noEmit", /`tsc --noEmit` is not `npm ci`/],
    [
      "a variable that nothing sets",
      "--markdown page.md\n  #",
      '--markdown page.md --json "$OTHER"\n  #',
      /nothing sets "\$OTHER"/,
    ],
    [
      "an option that the script does not know",
      'drift "$STACK" --issue',
      'drift "$STACK" --isue',
      /unknown option '--isue'/,
    ],
  ])("%s", async (_what, from, to, problem) => {
    const parts = (["main", "templates"] as const).filter((part) => pipeline[part].includes(from));
    expect(parts).toHaveLength(1);
    const [part] = parts as ["main" | "templates"];
    const copy = { ...pipeline, [part]: pipeline[part].replace(from, to) };
    const problems = await problemsInPipeline(copy, four);
    expect(problems.length).toBeGreaterThan(0);
    for (const each of problems) expect(each).toMatch(problem);
  });
});
