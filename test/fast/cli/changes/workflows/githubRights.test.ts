import { describe, it } from "vitest";
import { expectProblem } from "./support/githubFiles.ts";

// Rights, actions of others, forks and secrets: each rule on them is shown to see a broken copy.

const fork = "github.event.pull_request.head.repo.full_name == github.repository && ";
const checkout = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";

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
  ])("%s", (_what, name, from, to, problem) => expectProblem(name, from, to, problem));
});
