import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { touchedBy } from "../../../cli/touchedStacks.ts";
import { repository } from "./changes/support/repository.ts";
import { typed } from "./support/typed.ts";

const stacks = [
  { stack: "dev", folder: "stacks/instances/dev" },
  { stack: "prod", folder: "stacks/instances/prod" },
  { stack: "prod-eu", folder: "stacks/instances/prod" },
];
const all = ["dev", "prod", "prod-eu"];

describe("the stacks that a change touches", () => {
  it.each<[string, string[], string[]]>([
    [
      "an instance file: every stack that reads its folder",
      ["stacks/instances/prod/fraud-detector.yaml"],
      ["prod", "prod-eu"],
    ],
    ["a stack file: that stack", ["stacks/Pulumi.dev.yaml"], ["dev"]],
    ["an instance file of no stack: none", ["stacks/instances/old/fraud-detector.yaml"], []],
    ["the program: all", ["program/values/tiers.ts"], all],
    ["a component: all", ["components/mlflowInstance.ts"], all],
    ["a policy: all", ["policies/naming/instanceHasProductName.ts"], all],
    ["the policies' configuration: all", ["stacks/policies.json"], all],
    ["a dependency: all", ["package-lock.json"], all],
    ["something that is not known here: all", ["tools/new.ts"], all],
    [
      "documentation, tests, the embedded platform: none",
      [
        "docs/a.md",
        "README.md",
        "test/fast/a.test.ts",
        "local/cli.ts",
        ".github/workflows/preview.yml",
      ],
      [],
    ],
    ["a template: none", ["stacks/Pulumi.example.yaml"], []],
    [
      "a folder whose name only begins like a stack's: none",
      ["stacks/instances/dev-old/a.yaml"],
      [],
    ],
    [
      "several: each once, in order",
      ["stacks/Pulumi.prod.yaml", "stacks/instances/dev/a.yaml", "stacks/instances/prod/a.yaml"],
      all,
    ],
    ["nothing: none", [], []],
  ])("%s", (_what, paths, touched) => {
    expect(touchedBy(paths, stacks)).toEqual(touched);
  });
});

describe("npx mlflow-instances stacks", () => {
  const stackFile = (folder?: string): string =>
    `config:\n  mlflow-instances:environment: {}\n${folder === undefined ? "" : `  mlflow-instances:instancesFolder: ${folder}\n`}`;
  let repo: ReturnType<typeof repository>;
  beforeEach(() => {
    repo = repository({
      "stacks/Pulumi.dev.yaml": stackFile(),
      "stacks/Pulumi.prod.yaml": stackFile(),
      "stacks/Pulumi.prod-eu.yaml": stackFile("./stacks/instances/prod/"),
      "stacks/Pulumi.example.yaml": stackFile(),
      "stacks/instances/dev/a.yaml": "team: a",
      "stacks/instances/prod/a.yaml": "team: a",
    });
  });
  afterEach(() => repo.remove());
  const run = (...args: string[]) => typed(repo.root, ["stacks", ...args]);

  it("lists what is in Git, without the template and without stack files of this machine", async () => {
    repo.write({ "stacks/Pulumi.pr-12.yaml": stackFile() });
    expect(await run()).toEqual({ code: 0, out: "dev\nprod\nprod-eu\n", notes: "" });
    expect((await run("--json")).out).toBe('["dev","prod","prod-eu"]\n');
  });

  it("leaves out one that was deleted and is still in Git", async () => {
    rmSync(join(repo.root, "stacks", "Pulumi.dev.yaml"));
    expect((await run()).out).toBe("prod\nprod-eu\n");
    const { out, notes } = await run("--check");
    expect(out + notes).not.toContain("Pulumi.dev.yaml");
  });

  it("lists those that a change touches", async () => {
    repo.commit({ "stacks/instances/prod/a.yaml": "team: b", "docs/page.md": "text" });
    expect((await run("--changed", repo.first, "--json")).out).toBe('["prod","prod-eu"]\n');
    expect((await run("--changed", "HEAD", "--json")).out).toBe("[]\n");
  });

  it("counts both folders of a file that moved, and a file that is gone", async () => {
    repo.git("mv", "stacks/instances/dev/a.yaml", "stacks/instances/prod/b.yaml");
    repo.commit({});
    expect((await run("--changed", repo.first)).out).toBe("dev\nprod\nprod-eu\n");
    const before = repo.git("rev-parse", "HEAD");
    repo.commit({
      "stacks/instances/prod/a.yaml": undefined,
      "stacks/instances/prod/b.yaml": undefined,
    });
    expect((await run("--changed", before)).out).toBe("prod\nprod-eu\n");
  });

  it("compares with where the change began, not with what others have merged since", async () => {
    repo.git("checkout", "--quiet", "-b", "change");
    repo.commit({ "stacks/instances/prod/a.yaml": "team: b" });
    repo.git("checkout", "--quiet", "main");
    repo.commit({ "stacks/instances/dev/a.yaml": "team: c" });
    repo.git("checkout", "--quiet", "change");
    expect((await run("--changed", "main")).out).toBe("prod\nprod-eu\n");
  });

  it("takes a branch's first push for a change of everything", async () => {
    expect((await run("--changed", "0".repeat(40), "--json")).out).toBe(
      '["dev","prod","prod-eu"]\n',
    );
  });

  it.each(["nowhere", "--output=/tmp/x", "main:stacks"])(
    "refuses a base that is no commit: %s",
    async (base) => {
      expect(await run(`--changed=${base}`)).toMatchObject({
        code: 2,
        notes: expect.stringContaining(`${base}: no such commit here`),
      });
    },
  );

  it("reads the files without a secret or an engine, and says what is wrong in them", async () => {
    repo.commit({ "stacks/Pulumi.broken.yaml": "config: [" });
    const { code, notes } = await run("--check");
    expect(code).toBe(2);
    expect(notes).toMatch(/Pulumi\.broken\.yaml:1:\d+ /);
    expect(notes).toMatch(/Pulumi\.dev\.yaml:2:\d+ .*domain/);
  });
});
