import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { repository } from "../support/repository.ts";
import { typed } from "../../support/typed.ts";
import { fakeGithub, fakeGitlab, type FakeForge } from "./support/forges.ts";

// The command as a job types it, on a repository of its own and with a forge on loopback.

const stackFile = "config:\n  mlflow-instances:environment: {}\n";

describe.each([
  ["GitHub", fakeGithub],
  ["GitLab", fakeGitlab],
] as const)("npx mlflow-instances comment on %s", (name, start) => {
  let forge: FakeForge;
  let repo: ReturnType<typeof repository>;
  beforeEach(async () => {
    forge = await start();
    repo = repository({
      "stacks/Pulumi.dev.yaml": stackFile,
      "stacks/Pulumi.prod.yaml": stackFile,
      "stacks/instances/dev/a.yaml": "team: a",
      "stacks/instances/prod/a.yaml": "team: a",
      "event.json": JSON.stringify({ pull_request: { number: 12 } }),
      "page.md": "# prod\n\nA new instance.\n",
    });
    if (name === "GitHub") forge.env["GITHUB_EVENT_PATH"] = join(repo.root, "event.json");
  });
  afterEach(async () => {
    repo.remove();
    await forge.close();
  });
  const run = (args: string[], env: Record<string, string> = {}) =>
    typed(repo.root, ["comment", ...args], { env: { ...forge.env, ...env } });
  const page = (): string => join(repo.root, "page.md");

  it("puts the page on the pull request of the job", async () => {
    expect(await run(["prod", "--file", page()])).toEqual({
      code: 0,
      out: "",
      notes: `${name}: comment on prod: made\n`,
    });
    expect(forge.comments.map(({ body }) => body)).toEqual([
      "<!-- mlflow-instances preview prod -->\n# prod\n\nA new instance.",
    ]);
    expect((await run(["prod", "--file", page()])).notes).toBe(
      `${name}: comment on prod: as it was\n`,
    );
  });

  it("adds the page to the job's summary where there is one", async () => {
    const summary = join(repo.root, "summary.md");
    await run(["prod", "--file", page()], { GITHUB_STEP_SUMMARY: summary });
    expect(readFileSync(summary, "utf8")).toBe("# prod\n\nA new instance.\n");
  });

  it("makes no comment on a stack that the change does not touch, but keeps one right that is there", async () => {
    const base = repo.first;
    repo.commit({ "stacks/instances/dev/a.yaml": "team: b" });
    expect((await run(["prod", "--file", page(), "--base", base])).notes).toBe(
      `${name}: comment on prod: none, and none is needed\n`,
    );
    expect(forge.comments).toEqual([]);
    await run(["dev", "--file", page(), "--base", base]);
    expect(forge.comments).toHaveLength(1);
    await run(["prod", "--file", page()]);
    repo.write({ "page.md": "# prod\n\nNothing." });
    expect((await run(["prod", "--file", page(), "--base", base])).notes).toContain("updated");
  });

  it("says in older comments that their stack is touched no more", async () => {
    const base = repo.first;
    repo.commit({
      "stacks/instances/dev/a.yaml": "team: b",
      "stacks/instances/prod/a.yaml": "team: b",
    });
    await run(["dev", "--file", page()]);
    await run(["prod", "--file", page()]);
    repo.commit({ "stacks/instances/prod/a.yaml": "team: a" });
    expect((await run(["--base", base])).notes).toBe(`${name}: comment on prod: updated\n`);
    expect(forge.comments.map(({ body }) => body.includes("no longer touches"))).toEqual([
      false,
      true,
    ]);
  });

  it("does not leave an older page when the preview failed before it wrote one", async () => {
    await run(["prod", "--file", page()]);
    expect(await run(["prod", "--file", join(repo.root, "nowhere.md")])).toMatchObject({
      code: 1,
      notes: expect.stringMatching(
        /comment on prod: updated\n.*nowhere\.md: there is no such page/,
      ),
    });
    expect(forge.comments).toMatchObject([
      { body: expect.stringMatching(/`prod` failed before .* https:\/\/forge\.example\//) },
    ]);
  });

  it.each<[string, string[], RegExp]>([
    ["a folder for a page", ["prod", "--file", "."], /^\.: .*EISDIR/],
    ["a stack without a page", ["prod"], /Needed are a stack and its page/],
    [
      "a page without a stack",
      ["--file", "page.md", "--base", "main"],
      /Needed are a stack and its page/,
    ],
    [
      "a wrong number",
      ["prod", "--file", "page.md", "--pull-request", "12/../13"],
      /--pull-request: 12\/\.\.\/13 is not the number of one/,
    ],
    [
      "a token in its arguments",
      ["prod", "--file", "page.md", "--token", "x"],
      /unknown option '--token'/,
    ],
  ])("refuses %s", async (_what, args, words) => {
    const { code, notes } = await run(args);
    expect({ code, requests: forge.received.length }).toEqual({ code: 2, requests: 0 });
    expect(notes).toMatch(words);
  });

  it("refuses a job of no pull request", async () => {
    const { code, notes } = await run(["prod", "--file", page()], {
      GITHUB_EVENT_PATH: "",
      CI_MERGE_REQUEST_IID: "",
    });
    expect({ code, notes }).toEqual({
      code: 2,
      notes: "The job runs for no pull request: name one with --pull-request <number>.\n",
    });
  });
});
