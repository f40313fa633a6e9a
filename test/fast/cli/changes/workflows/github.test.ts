import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { root } from "./support/commands.ts";
import { problemsInOrder, problemsInWorkflow, type Workflow } from "./support/github.ts";

// What the workflows must keep, on the files themselves; each rule is shown to see a broken copy.
// That GitHub runs them is not shown here.

const folder = join(root, ".github/workflows");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

describe("the workflows", () => {
  it("are these", () => {
    expect(readdirSync(folder).sort()).toEqual([
      "deploy.yml",
      "drift.yml",
      "preview.yml",
      "review-environment.yml",
    ]);
  });

  it.each(readdirSync(folder))("%s keeps every rule", async (name) => {
    expect(await problemsInWorkflow(read(name))).toEqual([]);
  });

  it("deploy dev, staging and prod in this order", () => {
    expect(problemsInOrder(read("deploy.yml"), ["dev", "staging", "prod"])).toEqual([]);
  });

  it("let a fork's pull request have the check only", () => {
    const { jobs } = parse(read("preview.yml")) as Workflow;
    expect(
      Object.entries(jobs).flatMap(([name, job]) => (job.if === undefined ? [name] : [])),
    ).toEqual(["check"]);
    expect(jobs["check"]?.permissions).toEqual({ contents: "read" });
  });
});

/**
 * A copy with the first (or last) occurrence replaced; a text that is not there is a mistake of the
 * test.
 */
function broken(name: string, from: string, to: string, last = false): string {
  const text = read(name);
  const at = last ? text.lastIndexOf(from) : text.indexOf(from);
  if (at < 0) throw new Error(`${name} has no ${JSON.stringify(from)}`);
  return text.slice(0, at) + to + text.slice(at + from.length);
}

const fork = "github.event.pull_request.head.repo.full_name == github.repository && ";
const checkout = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";
const deployLine = "run: npx mlflow-instances deploy dev";

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
      /^jobs\.stacks: permissions: are .*packages/,
    ],
    [
      "a right to write the code",
      "deploy.yml",
      "      contents: read\n      id-token: write",
      "      contents: write\n      id-token: write",
      /^jobs\.dev: permissions: are .*contents: write/,
    ],
    [
      "a right that a step lacks",
      "drift.yml",
      "      issues: write\n",
      "",
      /^jobs\.drift: permissions: .*need .*issues: write/,
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
    ["no end", "preview.yml", "    timeout-minutes: 15\n", "", /^jobs\.check: timeout-minutes/],
    [
      "a machine that changes",
      "preview.yml",
      "ubuntu-24.04",
      "ubuntu-latest",
      /^jobs\.check: runs-on/,
    ],
    [
      "a preview for forks",
      "preview.yml",
      fork,
      "",
      /^jobs\.preview: if: lets pull requests from forks in/,
    ],
    [
      "an alternative that lets forks in",
      "preview.yml",
      `&& ${fork}`,
      `|| ${fork}`,
      /^jobs\.preview: if: lets pull requests from forks in/,
    ],
    ["a review environment for forks", "review-environment.yml", fork, "", /^jobs\.up: if: lets/],
    [
      "a secret in the check",
      "preview.yml",
      "          BASE: ${{",
      "          PULUMI_ACCESS_TOKEN: ${{ secrets.PULUMI_ACCESS_TOKEN }}\n          BASE: ${{",
      /^jobs\.check: if: lets/,
    ],
    [
      "a secret for the whole job",
      "preview.yml",
      "    env:\n      STACK:",
      "    env:\n      KEY: ${{ secrets.KEY }}\n      STACK:",
      /^jobs\.preview: env: a secret is handed to every step/,
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
      "deploy.yml",
      "      - run: npm ci\n",
      "      - run: npm ci\n        env:\n          TOKEN: ${{ github.token }}\n",
      /npm ci, which runs scripts of others/,
    ],
    [
      "a secret for an action",
      "deploy.yml",
      "          node-version: 24",
      "          node-version: 24\n          token: ${{ secrets.TOKEN }}",
      /with: a secret is handed to an action/,
    ],
    [
      "a key of the cloud",
      "deploy.yml",
      "          PULUMI_BACKEND_URL",
      "          AWS_SECRET_ACCESS_KEY: ${{ secrets.KEY }}\n          PULUMI_BACKEND_URL",
      /a key of the cloud instead/,
    ],
    [
      "a shell script",
      "deploy.yml",
      deployLine,
      "run: pulumi up --yes",
      /`pulumi up --yes` is not `npm ci`/,
    ],
    [
      "two commands",
      "deploy.yml",
      deployLine,
      "run: npx mlflow-instances deploy dev && npx mlflow-instances deploy prod",
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
      "preview.yml",
      '--base "$BASE" --markdown',
      "--base $BASE --markdown",
      /\$BASE is neither/,
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
      "deploy.yml",
      deployLine,
      "run: npx mlflow-instances deploi dev",
      /there is no verb deploi/,
    ],
    [
      "an option that the script does not know",
      "preview.yml",
      "--markdown page.md",
      "--makrdown page.md",
      /unknown option '--makrdown'/,
    ],
    [
      "an argument that is missing",
      "deploy.yml",
      deployLine,
      "run: npx mlflow-instances deploy",
      /missing required argument/,
    ],
    [
      "an update that can be cancelled",
      "deploy.yml",
      "cancel-in-progress: false",
      "cancel-in-progress: true",
      /^jobs\.dev: concurrency/,
    ],
    [
      "an update outside of an environment",
      "deploy.yml",
      "    environment: dev\n",
      "",
      /^jobs\.dev: environment: is missing/,
    ],
  ])("%s", async (_what, name, from, to, problem) => {
    const problems = await problemsInWorkflow(broken(name, from, to));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it.each<[string, string, string, string]>([
    [
      "staging beside dev",
      "needs: [stacks, dev]",
      "needs: [stacks]",
      "staging: does not wait for dev",
    ],
    [
      "prod beside staging",
      "needs: [stacks, staging, preview-prod]",
      "needs: [stacks, preview-prod]",
      "prod: does not wait for staging",
    ],
    [
      "prod without its approval",
      "    environment: prod\n",
      "    environment: dev\n",
      "prod: is not in the environment prod",
    ],
    [
      "one group for two",
      "group: deploy-staging",
      "group: deploy-dev",
      "staging: has no concurrency group of its own",
    ],
    [
      "prod after a failure",
      "!failure() && contains(fromJSON(needs.stacks.outputs.stacks), 'staging')",
      "contains(fromJSON(needs.stacks.outputs.stacks), 'staging')",
      "staging: does not stop after a failure, or does not look whether its stack is there",
    ],
    [
      "another stack",
      "npx mlflow-instances deploy staging",
      "npx mlflow-instances deploy prod",
      "staging: does not deploy it",
    ],
  ])("%s", (_what, from, to, problem) => {
    expect(problemsInOrder(broken("deploy.yml", from, to), ["dev", "staging", "prod"])).toEqual([
      problem,
    ]);
  });
});
