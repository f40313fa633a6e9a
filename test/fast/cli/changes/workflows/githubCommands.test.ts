import { describe, it } from "vitest";
import { expectProblem } from "./support/githubFiles.ts";

// Commands, concurrency and workflows that call each other: each rule on them is shown to see a
// broken copy.

const reapLine = "run: npx mlflow-instances review-environment reap";

describe("a broken workflow is seen", () => {
  it.each<[string, string, string, string, RegExp]>([
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
  ])("%s", (_what, name, from, to, problem) => expectProblem(name, from, to, problem));
});
