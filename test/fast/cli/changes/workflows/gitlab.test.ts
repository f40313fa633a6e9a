import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./support/commands.ts";
import { problemsInPipeline } from "./support/gitlab.ts";

// Rules of our own over the parsed file: GitLab's check of the syntax needs its server, so that
// GitLab takes it is not shown here.

const text = readFileSync(join(root, ".gitlab-ci.yml"), "utf8");
const order = ["dev", "staging", "prod"];

it("the pipeline keeps every rule", async () => {
  expect(await problemsInPipeline(text, order)).toEqual([]);
});

describe("a broken pipeline is seen", () => {
  it.each<[string, string, string, RegExp]>([
    [
      "prod before staging",
      "stages: [check, preview, dev, staging, prod, upkeep]",
      "stages: [check, preview, dev, prod, staging, upkeep]",
      /^deploy:prod: is in no later stage than staging$/,
    ],
    [
      "prod by itself",
      "      when: manual\n      allow_failure: false\n",
      "",
      /^deploy:prod: does not wait for somebody/,
    ],
    [
      "prod that is left out without a word",
      "allow_failure: false",
      "allow_failure: true",
      /^deploy:prod: does not wait for somebody/,
    ],
    [
      "prod over something newer",
      ' --newest-of "$CI_DEFAULT_BRANCH"',
      "",
      /^deploy:prod: could go over something newer/,
    ],
    ["two updates at once", "  resource_group: staging\n", "", /^deploy:staging: /],
    [
      "the secrets of another environment",
      "environment: { name: staging }",
      "environment: { name: prod }",
      /^deploy:staging: variable, environment/,
    ],
    [
      "a preview for forks",
      " && $CI_MERGE_REQUEST_PROJECT_ID == $CI_PROJECT_ID && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID",
      "",
      /^preview:\w+: rules: let merge requests of forks in$/,
    ],
    [
      "a preview that counts as a deployment",
      "environment: { name: preview-prod, action: access }",
      "environment: { name: preview-prod }",
      /^preview:prod: environment\.action/,
    ],
    ["no environment", "  environment: { name: dev }\n", "", /^deploy:dev: /],
    [
      "an update that can be cancelled",
      ".deploy:\n",
      ".deploy:\n  interruptible: true\n",
      /^deploy:\w+: interruptible/,
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
      "stages: [",
      "include: [{ remote: https://example.com/x.yml }]\nstages: [",
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
    expect(text).toContain(from);
    const problems = await problemsInPipeline(text.replace(from, to), order);
    expect(problems.length).toBeGreaterThan(0);
    for (const each of problems) expect(each).toMatch(problem);
  });
});
