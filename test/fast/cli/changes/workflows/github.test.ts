import { describe, expect, it } from "vitest";
import { projects } from "./support/commands.ts";
import { problemsInWorkflow } from "./support/github.ts";
import { names, read, workflows } from "./support/githubFiles.ts";
import { isCalledOnly } from "./support/workflow.ts";

// What the workflows must keep, on the files themselves. That each rule sees a broken copy is the
// business of the files beside this one. That GitHub runs them is not shown here.

describe("the workflows", () => {
  it("are these", () => {
    expect(names).toEqual([
      "deploy.yml",
      "drift.yml",
      "environment.yml",
      "preview.yml",
      "release.yml",
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
