import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, test } from "vitest";
import { withLastStage } from "../../../../cli/environments/rollout.ts";
import { rolloutJsonSchema } from "../../../../program/environment/rolloutSchema.ts";
import { schemaFile } from "../../../../program/schema.ts";
import { repository } from "../changes/support/repository.ts";
import { typed } from "../support/typed.ts";

const stackFile = "config:\n  mlflow-instances:environment: {}\n";
const stackFiles = (...stacks: string[]): Record<string, string> =>
  Object.fromEntries(stacks.map((stack) => [`stacks/Pulumi.${stack}.yaml`, stackFile]));

const four = `# By the platform team.
stages:
  - stacks: [lab]
  - stacks: [eu, us]
  - stacks: [live]
    approval: true
`;

let repo: ReturnType<typeof repository>;
afterEach(() => repo.remove());
const run = (...args: string[]) => typed(repo.root, ["stacks", ...args]);

describe("npx mlflow-instances stacks --stages", () => {
  it("lists the stages in their order", async () => {
    repo = repository({ ...stackFiles("lab", "eu", "us", "live"), "stacks/rollout.yaml": four });
    expect(await run("--stages")).toEqual({
      code: 0,
      out: "1  lab\n2  eu, us\n3  live  after an approval\n",
      notes: "",
    });
  });

  it("hands them to the jobs that come after", async () => {
    repo = repository({ ...stackFiles("lab", "eu", "us", "live"), "stacks/rollout.yaml": four });
    const output = join(repo.root, "output");
    appendFileSync(output, "");
    const stages =
      '[{"stacks":["lab"],"approval":false},{"stacks":["eu","us"],"approval":false},{"stacks":["live"],"approval":true}]';
    const { out } = await typed(repo.root, ["stacks", "--stages", "3", "--json"], {
      env: { GITHUB_OUTPUT: output },
    });
    expect(out).toBe(`${stages}\n`);
    expect(readFileSync(output, "utf8")).toBe(`stages=${stages}\n`);
  });

  it("refuses more stages than the pipeline has jobs for", async () => {
    repo = repository({ ...stackFiles("lab", "eu", "us", "live"), "stacks/rollout.yaml": four });
    expect(await run("--stages", "2")).toEqual({
      code: 2,
      out: "",
      notes: expect.stringMatching(
        /^stacks\/rollout\.yaml: has 3 stages, but this pipeline has jobs for 2; /,
      ),
    });
  });

  it("has none where there is no environment", async () => {
    repo = repository({ "README.md": "text" });
    expect(await run("--stages", "--json")).toEqual({ code: 0, out: "[]\n", notes: "" });
  });

  it.each(["0", "-1", "1.5", "all"])("refuses %s as a number of stages", async (most) => {
    repo = repository({ "README.md": "text" });
    expect((await run(`--stages=${most}`)).code).toBe(2);
  });
});

describe("an error in the rollout is told with its place", () => {
  const others = stackFiles("lab", "eu");
  test.each<[string, string | undefined, string]>([
    [
      "a stack file that no stage names",
      "stages:\n  - stacks: [lab]\n",
      'stacks/rollout.yaml:1:1 stages: no stage names "eu", which has a stack file; add it to a stage',
    ],
    [
      "a name without a stack file",
      "stages:\n  - stacks: [lab, eu]\n  - stacks: [us]\n",
      'stacks/rollout.yaml:3:14 stages[1].stacks[0]: names "us", but Git has no stacks/Pulumi.us.yaml; add that file to Git, or remove the name',
    ],
    [
      "a stack in two stages",
      "stages:\n  - stacks: [lab, eu]\n  - stacks: [lab]\n",
      'stacks/rollout.yaml:3:14 stages[1].stacks[0]: names "lab" a second time',
    ],
    [
      "a review environment",
      "stages:\n  - stacks: [lab, eu]\n  - stacks: [pr-12]\n",
      'stacks/rollout.yaml:3:14 stages[1].stacks[0]: is "pr-12", a review environment, which belongs to no stage; remove it',
    ],
    [
      "an empty stage",
      "stages:\n  - stacks: [lab, eu]\n  - stacks: []\n",
      "stacks/rollout.yaml:3:5 stages[1].stacks: is empty; name a stack, or remove the stage",
    ],
    [
      "a key that is none",
      "stages:\n  - stacks: [lab, eu]\n    aproval: true\n",
      "stacks/rollout.yaml:3:5 stages[0].aproval: unknown key; did you mean approval? known here: stacks, approval",
    ],
    ["no YAML", "stages: [", "stacks/rollout.yaml:1:10 "],
    ["no file", undefined, "stacks/rollout.yaml: is missing; name the stages of eu, lab in it"],
  ])("%s", async (_what, text, line) => {
    repo = repository({
      ...others,
      ...(text === undefined ? {} : { "stacks/rollout.yaml": text }),
    });
    for (const option of ["--stages", "--check"]) {
      const { code, notes } = await run(option);
      expect(code).toBe(2);
      const lines = notes.split("\n").filter((each) => each.startsWith("stacks/rollout.yaml"));
      expect(lines).toEqual([expect.stringContaining(line)]);
    }
  });

  it("leaves out review environments and stack files that are not in Git", async () => {
    repo = repository({
      ...stackFiles("lab", "pr-12"),
      "stacks/rollout.yaml": "stages:\n  - stacks: [lab]\n",
    });
    repo.write(stackFiles("local"));
    expect(await run("--stages")).toMatchObject({ code: 0, out: "1  lab\n" });
  });
});

describe("a new stack", () => {
  it("becomes the last stage, and every comment stays", () => {
    expect(withLastStage(four, "next")).toBe(`${four}  - stacks: [next]\n    approval: true\n`);
  });

  it("makes the file where there is none", () => {
    expect(withLastStage(undefined, "lab")).toBe(
      "stages:\n  - stacks: [lab]\n    approval: true\n",
    );
  });

  it.each(["stages: 5\n", "stages: [", "other: 1\n"])("leaves %j as it is", (text) => {
    expect(withLastStage(text, "lab")).toBeUndefined();
  });
});

test("the schema beside the file is current", () => {
  const written: unknown = JSON.parse(readFileSync(schemaFile("rollout.schema.json"), "utf8"));
  expect(written, "npm run schema").toEqual(rolloutJsonSchema());
});
