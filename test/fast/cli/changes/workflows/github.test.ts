import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Stage } from "../../../../../cli/environments/rollout.ts";
import { projects, root } from "./support/commands.ts";
import { problemsInWorkflow } from "./support/github.ts";
import { planOf, problemsInOrder } from "./support/plan.ts";
import { isCalledOnly, type Workflow, type Workflows } from "./support/workflow.ts";

// What the workflows must keep, on the files themselves; each rule is shown to see a broken copy.
// That GitHub runs them is not shown here.

const folder = join(root, ".github/workflows");
const names = readdirSync(folder).sort();
const workflows: Workflows = Object.fromEntries(
  names.map((name) => [name, readFileSync(join(folder, name), "utf8")]),
);
const read = (name: string): Workflow => parse(workflows[name]!) as Workflow;

/** Other environments than those of this repository's stacks/. */
const four: Stage[] = [
  { stacks: ["lab"], approval: false },
  { stacks: ["eu", "us"], approval: false },
  { stacks: ["trial"], approval: true },
  { stacks: ["live", "live-2"], approval: true },
];

describe("the workflows", () => {
  it("are these", () => {
    expect(names).toEqual([
      "deploy.yml",
      "drift.yml",
      "environment.yml",
      "preview.yml",
      "review-environment.yml",
      "stage.yml",
      "test.yml",
    ]);
    expect(names.filter((name) => isCalledOnly(read(name)))).toEqual([
      "environment.yml",
      "stage.yml",
    ]);
  });

  it.each(names)("%s keeps every rule", async (name) => {
    expect(await problemsInWorkflow(workflows, name)).toEqual([]);
  });

  it("name no environment", () => {
    const words = /\b(dev|staging|prod)\b/;
    expect(names.filter((name) => words.test(workflows[name]!))).toEqual([]);
  });

  it("let a fork's pull request have the check of its files, and the tests, only", () => {
    const { jobs } = read("preview.yml");
    expect(
      Object.entries(jobs).flatMap(([name, job]) => (job.if === undefined ? [name] : [])),
    ).toEqual(["files"]);
    expect(jobs["files"]?.permissions).toEqual({ contents: "read" });
  });

  it("run every kind of tests: on a pull request all but the slow ones", () => {
    const { jobs } = read("test.yml");
    expect(jobs["check"]?.steps.map(({ run }) => run)).toContain("npm run check");
    const kinds = String(jobs["tests"]?.strategy?.matrix["kind"]);
    const [onPullRequests, always] = [...kinds.matchAll(/\[[^\]]*\]/g)].map(
      ([list]) => JSON.parse(list) as string[],
    );
    expect(kinds).toMatch(/^\$\{\{ fromJSON\(github\.event_name == 'pull_request' && /);
    expect(onPullRequests).toEqual(["services", "judged"]);
    // `npm run check` has the fast ones.
    expect(always).toEqual(projects.filter((name) => !name.startsWith("fast")));
  });
});

describe("the plan of a deployment", () => {
  it.each<[string, Stage[]]>([
    ["four stages, two of them after an approval", four],
    ["one environment", [{ stacks: ["lab"], approval: false }]],
    ["one environment after an approval", [{ stacks: ["live"], approval: true }]],
    ["no environment", []],
  ])("follows the rollout: %s", (_what, stages) => {
    expect(problemsInOrder(workflows, stages)).toEqual([]);
  });

  it("is, for a fourth environment", () => {
    const jobs = planOf(workflows, four).map(
      ({ name, environment, group, runs }) =>
        `${name} in ${environment}, ${group}: ${runs.slice(1).join("; ")}`,
    );
    const command = "npx mlflow-instances";
    const preview = (stack: string): string =>
      `preview-${stack}, deploy-preview-${stack}-4711: ${command} setup-ci ${stack}; ` +
      `${command} preview ${stack} --markdown "$GITHUB_STEP_SUMMARY"`;
    const deployment = (stack: string, newest = ""): string =>
      `${stack}, deploy-${stack}: ${command} setup-ci ${stack}${newest}; ${command} deploy ${stack}`;
    const newest = " --newest-of main";
    expect(jobs).toEqual([
      `stage-1/deploy (lab)/run in ${deployment("lab")}`,
      `stage-2/deploy (eu)/run in ${deployment("eu")}`,
      `stage-2/deploy (us)/run in ${deployment("us")}`,
      `stage-3/preview (trial)/run in ${preview("trial")}`,
      `stage-3/deploy (trial)/run in ${deployment("trial", newest)}`,
      `stage-4/preview (live)/run in ${preview("live")}`,
      `stage-4/preview (live-2)/run in ${preview("live-2")}`,
      `stage-4/deploy (live)/run in ${deployment("live", newest)}`,
      `stage-4/deploy (live-2)/run in ${deployment("live-2", newest)}`,
    ]);
  });

  it("has a job for each stage that the plan lets pass, and nothing without a plan", () => {
    const { jobs } = read("deploy.yml");
    const places = Object.keys(jobs).filter((name) => name.startsWith("stage-")).length;
    expect(workflows["deploy.yml"]).toContain(`stacks --check --stages ${places}\n`);
    const most = Array.from({ length: places }, (_, at) => ({
      stacks: [`place-${at}`],
      approval: at % 2 === 1,
    }));
    expect(problemsInOrder(workflows, most)).toEqual([]);
    expect(planOf(workflows, four, { planned: false })).toEqual([]);
  });
});

/**
 * Copies with the first occurrence in one of them replaced; a text that is not there is a
 * mistake of the test.
 */
function broken(name: string, from: string, to: string): Workflows {
  const text = workflows[name]!;
  const at = text.indexOf(from);
  if (at < 0) throw new Error(`${name} has no ${JSON.stringify(from)}`);
  return { ...workflows, [name]: text.slice(0, at) + to + text.slice(at + from.length) };
}

const fork = "github.event.pull_request.head.repo.full_name == github.repository && ";
const checkout = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";
const reapLine = "run: npx mlflow-instances review-environment reap";

describe("a broken workflow is seen", () => {
  it.each<[string, string, string, string, RegExp]>([
    [
      "rights for all jobs",
      "preview.yml",
      "permissions: {}",
      "permissions: write-all",
      /^permissions: everything/,
    ],
    [
      "a right that no step needs",
      "deploy.yml",
      "      contents: read\n",
      "      contents: read\n      packages: write\n",
      /^jobs\.plan: permissions: are .*packages/,
    ],
    [
      "a right to write the code",
      "drift.yml",
      "      contents: read\n      id-token: write",
      "      contents: write\n      id-token: write",
      /^jobs\.drift\/run: permissions: are .*contents: write/,
    ],
    [
      "a right that a step lacks",
      "drift.yml",
      "      issues: write\n",
      "",
      /^jobs\.drift\/run: permissions: .*need .*issues: write/,
    ],
    [
      "a trigger with secrets for forks",
      "preview.yml",
      "  pull_request:\n",
      "  pull_request_target:\n",
      /^on: pull_request_target/,
    ],
    [
      "an action by its tag",
      "preview.yml",
      checkout,
      "actions/checkout@v5",
      /^uses: actions\/checkout@v5 is not/,
    ],
    [
      "another commit of an action",
      "preview.yml",
      checkout,
      checkout.replace("08c6903c", "18c6903c"),
      /^uses: .* is not one of the pinned/,
    ],
    [
      "a version that is not the commit's",
      "preview.yml",
      "# v5.0.0",
      "# v5.0.1",
      /^uses: .* is not one of the pinned/,
    ],
    [
      "one more action",
      "preview.yml",
      `uses: ${checkout}`,
      `uses: someone/thing@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0`,
      /^uses: someone\/thing/,
    ],
    [
      "a token in the clone",
      "preview.yml",
      "persist-credentials: false",
      "persist-credentials: true",
      /checkout keeps its token/,
    ],
    [
      "a checkout of what a pull request names",
      "preview.yml",
      "          persist-credentials",
      "          ref: ${{ github.head_ref }}\n          persist-credentials",
      /checkout of a ref/,
    ],
    [
      "no history",
      "preview.yml",
      "fetch-depth: 0",
      "fetch-depth: 1",
      /checkout fetches no history/,
    ],
    ["no end", "preview.yml", "    timeout-minutes: 15\n", "", /^jobs\.files: timeout-minutes/],
    [
      "a machine that changes",
      "preview.yml",
      "ubuntu-24.04",
      "ubuntu-latest",
      /^jobs\.files: runs-on/,
    ],
    [
      "a preview for forks",
      "preview.yml",
      fork,
      "",
      /^jobs\.preview\/run: if: lets pull requests from forks in/,
    ],
    [
      "an alternative that lets forks in",
      "preview.yml",
      `&& ${fork}`,
      `|| ${fork}`,
      /^jobs\.preview\/run: if: lets pull requests from forks in/,
    ],
    [
      "a review environment for forks",
      "review-environment.yml",
      fork,
      "",
      /^jobs\.up\/run: if: lets/,
    ],
    [
      "a secret in the check",
      "preview.yml",
      "          BASE: ${{",
      "          PULUMI_ACCESS_TOKEN: ${{ secrets.PULUMI_ACCESS_TOKEN }}\n          BASE: ${{",
      /^jobs\.files: if: lets/,
    ],
    [
      "a secret for the whole job",
      "environment.yml",
      "    env:\n      STACK:",
      "    env:\n      KEY: ${{ secrets.KEY }}\n      STACK:",
      /^jobs\.\w+\/run: env: a secret is handed to every step/,
    ],
    [
      "variables for the whole workflow",
      "preview.yml",
      "permissions: {}\n",
      "permissions: {}\nenv:\n  A: b\n",
      /^env: belongs/,
    ],
    [
      "a secret while packages install",
      "environment.yml",
      "      - run: npm ci\n",
      "      - run: npm ci\n        env:\n          TOKEN: ${{ github.token }}\n",
      /npm ci, which runs scripts of others/,
    ],
    [
      "a secret for an action",
      "environment.yml",
      "          node-version: 24",
      "          node-version: 24\n          token: ${{ secrets.TOKEN }}",
      /with: a secret is handed to an action/,
    ],
    [
      "a key of the cloud",
      "environment.yml",
      "          GITHUB_TOKEN: ${{ github.token }}\n          PULUMI_BACKEND_URL",
      "          GITHUB_TOKEN: ${{ github.token }}\n          AWS_SECRET_ACCESS_KEY: ${{ secrets.KEY }}\n          PULUMI_BACKEND_URL",
      /a key of the cloud instead/,
    ],
    [
      "a shell script",
      "environment.yml",
      reapLine,
      "run: pulumi up --yes",
      /`pulumi up --yes` is not `npm ci`/,
    ],
    [
      "two commands",
      "environment.yml",
      reapLine,
      "run: npx mlflow-instances review-environment reap && npx mlflow-instances deploy",
      /&& is neither/,
    ],
    [
      "text of a pull request in a command",
      "preview.yml",
      'run: npx mlflow-instances stacks --changed "$BASE" --check',
      "run: npx mlflow-instances stacks --changed ${{ github.head_ref }}",
      /an expression in the text of a command/,
    ],
    [
      "a variable without quotes",
      "environment.yml",
      'drift "$STACK"',
      "drift $STACK",
      /\$STACK is neither/,
    ],
    [
      "a variable that nothing sets",
      "preview.yml",
      '--changed "$BASE"',
      '--changed "$TARGET"',
      /nothing sets "\$TARGET"/,
    ],
    [
      "a script that is not there",
      "environment.yml",
      reapLine,
      "run: npx mlflow-instances review-environmen reap",
      /there is no verb review-environmen$/,
    ],
    [
      "an option that the script does not know",
      "environment.yml",
      reapLine,
      `${reapLine} --dry-runn`,
      /unknown option '--dry-runn'/,
    ],
    [
      "an argument that is missing",
      "environment.yml",
      'run: npx mlflow-instances drift "$STACK" --issue',
      "run: npx mlflow-instances drift --issue",
      /missing required argument/,
    ],
    [
      "an update that can be cancelled",
      "environment.yml",
      "cancel-in-progress: false",
      "cancel-in-progress: true",
      /^jobs\.(up|destroy|reap)\/run: concurrency/,
    ],
    [
      "an update outside of an environment",
      "environment.yml",
      "    environment: ${{ inputs.environment }}\n",
      "",
      /^jobs\.(up|destroy|reap)\/run: environment: is missing/,
    ],
    [
      "a call that keeps the secrets back",
      "drift.yml",
      "    secrets: inherit\n",
      "",
      /^jobs\.drift: secrets: /,
    ],
    [
      "a call that gives less than is asked for",
      "deploy.yml",
      "      id-token: write\n    uses",
      "    uses",
      /^jobs\.stage-1: permissions: (preview|deploy) asks for id-token: write/,
    ],
    [
      "rights taken away from every caller",
      "environment.yml",
      "\njobs:\n",
      "\npermissions: {}\njobs:\n",
      /^permissions: are those of the job that calls it/,
    ],
    [
      "a called workflow that is started otherwise, too",
      "stage.yml",
      "  workflow_call:\n",
      "  workflow_dispatch:\n  workflow_call:\n",
      /^(on: workflow_call has|permissions: everything|jobs\.)/,
    ],
    [
      "a workflow of somebody else",
      "drift.yml",
      "uses: ./.github/workflows/environment.yml",
      "uses: someone/thing/.github/workflows/environment.yml@main",
      /^uses: someone\/thing/,
    ],
    [
      "a test that there isn't",
      "test.yml",
      'npx vitest run --project "$KIND"',
      "npx vitest run --project everything",
      /there are no tests of kind everything/,
    ],
  ])("%s", async (_what, name, from, to, problem) => {
    const copies = broken(name, from, to);
    // A called workflow with each workflow that calls it.
    const callers = name === "environment.yml" ? ["drift.yml", "review-environment.yml"] : [];
    const problems = await Promise.all(
      [name, ...callers].map((each) => problemsInWorkflow(copies, each)),
    );
    expect(problems.flat().length).toBeGreaterThan(0);
    for (const each of problems.flat()) expect(each).toMatch(problem);
  });

  it.each<[string, string, string, string, RegExp]>([
    [
      "a stage beside the one before",
      "deploy.yml",
      "needs: [plan, stage-1]",
      "needs: [plan]",
      /^stage-2: does not wait for stage-1$/,
    ],
    [
      "a stage of another place",
      "deploy.yml",
      "toJSON(fromJSON(needs.plan.outputs.stages)[1])",
      "toJSON(fromJSON(needs.plan.outputs.stages)[0])",
      /^stage-2: (eu|us) is not deployed as its stage says|^jobs are planned/,
    ],
    [
      "a stage after a failure",
      "deploy.yml",
      "!failure() && ",
      "",
      /^stage-1\/.* runs after a failure$/,
    ],
    [
      "a deployment after a preview that says no",
      "stage.yml",
      "!cancelled() && !failure()",
      "!cancelled()",
      /^stage-\d\/deploy \(.* runs after a failure$/,
    ],
    [
      "a deployment in another environment than its approval's",
      "stage.yml",
      "environment: ${{ matrix.stack }}",
      "environment: deployments",
      /is not deployed as its stage says$/,
    ],
    [
      "one group for all",
      "stage.yml",
      "group: deploy-${{ matrix.stack }}",
      "group: deploy",
      /is not deployed as its stage says$/,
    ],
    [
      "an approval without a preview",
      "stage.yml",
      "if: fromJSON(inputs.stage).approval",
      "if: false && fromJSON(inputs.stage).approval",
      /^stage-[34]: .* is not deployed as its stage says$|^jobs are planned/,
    ],
    [
      "a deployment beside its preview",
      "stage.yml",
      "    needs: preview\n",
      "",
      /^stage\.yml: deploys before the preview$/,
    ],
    [
      "a late approval over something newer",
      "stage.yml",
      "newest_of: ${{ fromJSON(inputs.stage).approval && 'main' || '' }}",
      'newest_of: ""',
      /^stage-[34]: .* is not deployed as its stage says$/,
    ],
    [
      "an update that another one's failure cancels",
      "stage.yml",
      "fail-fast: false",
      "fail-fast: true",
      /^stage\.yml: preview: a failure cancels/,
    ],
    [
      "another task",
      "stage.yml",
      "task: deploy",
      "task: drift",
      /is not deployed as its stage says$/,
    ],
  ])("%s", (_what, name, from, to, problem) => {
    const problems = problemsInOrder(broken(name, from, to), four);
    expect(problems.length).toBeGreaterThan(0);
    for (const each of problems) expect(each).toMatch(problem);
  });
});
