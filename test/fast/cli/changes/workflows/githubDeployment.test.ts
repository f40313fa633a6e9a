import { describe, expect, it } from "vitest";
import type { Stage } from "../../../../../cli/environments/rollout.ts";
import { broken, four, read, workflows } from "./support/githubFiles.ts";
import { planOf, problemsInOrder } from "./support/plan.ts";

// The order in which the workflows deploy the stages of a rollout; each rule is shown to see a
// broken copy. That GitHub runs them is not shown here.

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

describe("a broken workflow is seen", () => {
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
