import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { causesOf, changedFiles } from "../../../../../cli/changes/preview/cause.ts";

let repository: string;
let root: string;

const git = (...args: string[]): string =>
  execFileSync(
    "git",
    [
      "-c",
      "user.name=test",
      "-c",
      "user.email=test@example.com",
      "-c",
      "commit.gpgsign=false",
      ...args,
    ],
    {
      cwd: repository,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const commit = (message: string): void => {
  git("add", "--all");
  git("commit", "--quiet", "--message", message);
};
const file = (name: string): string => `stacks/instances/dev/${name}.yaml`;
const changed = async (base: string): Promise<Record<string, string>> =>
  Object.fromEntries(await changedFiles(root, base));

// The project lies in a folder of a larger repository: the harder case.
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), "cause-"));
  root = join(repository, "infrastructure");
  git("init", "--quiet", "--initial-branch=main");
  for (const name of ["same", "edited", "gone", "staged", "unstaged"])
    write(file(name), `description: ${name}\n`);
  write("components/code.ts", "1\n");
  writeFileSync(join(repository, "outside.txt"), "1");
  commit("base");
  git("checkout", "--quiet", "-b", "change");
});
afterEach(() => rmSync(repository, { recursive: true, force: true }));

describe("changed files", () => {
  it("are the committed, the staged, the others, and those that git does not know", async () => {
    write(file("edited"), "description: other\n");
    write(file("new"), "description: new\n");
    rmSync(join(root, file("gone")));
    commit("change");
    write(file("staged"), "description: other\n");
    git("add", "--all");
    write(file("unstaged"), "description: other\n");
    write(file("untracked"), "description: untracked\n");
    write(file("with space"), "x\n");
    writeFileSync(join(repository, "outside.txt"), "2");
    expect(await changed("main")).toEqual({
      [file("edited")]: "changed",
      [file("new")]: "added",
      [file("gone")]: "removed",
      [file("staged")]: "changed",
      [file("unstaged")]: "changed",
      [file("untracked")]: "added",
      [file("with space")]: "added",
    });
  });

  it("are a removed and an added one where a file got another name", async () => {
    git("mv", join("infrastructure", file("edited")), join("infrastructure", file("renamed")));
    expect(await changed("main")).toEqual({
      [file("edited")]: "removed",
      [file("renamed")]: "added",
    });
  });

  it("are not those that came to the base after the two parted", async () => {
    git("checkout", "--quiet", "main");
    write(file("later"), "x\n");
    commit("later");
    git("checkout", "--quiet", "change");
    write(file("new"), "x\n");
    expect(await changed("main")).toEqual({ [file("new")]: "added" });
  });

  it.each([
    ["no-such-branch", /--base no-such-branch: git knows no such branch, tag or commit/],
    ["--output=/dev/null", /--base --output=\/dev\/null: git knows no such/],
    ["HEAD:infrastructure", /git knows no such/],
    ["", /git knows no such/],
  ])("are an error for the reference %s, with its name", async (base, message) => {
    await expect(changed(base)).rejects.toThrow(message);
  });

  it("are an error without a common history, as in a shallow clone, and outside of Git", async () => {
    git("checkout", "--quiet", "--orphan", "other");
    commit("root of its own");
    await expect(changed("main")).rejects.toThrow(/no history in common with HEAD.*fetch-depth: 0/);
    rmSync(join(repository, ".git"), { recursive: true });
    await expect(changed("main")).rejects.toThrow(/not in a git work tree/);
  });
});

describe("causes", () => {
  const of = (
    files: readonly string[],
    more: { stack?: string; instancesFolder?: string; nameOf?: (name: string) => string } = {},
  ) =>
    causesOf("main", new Map(files.map((each) => [each, "changed" as const])), {
      root: "/p",
      stack: "dev",
      instancesFolder: "stacks/instances/dev",
      nameOf: (name) => name,
      ...more,
    });

  it("are the files of this stack's instances; those of others are none", () => {
    const { instanceFiles, shared } = of([
      file("a"),
      "stacks/instances/prod/b.yaml",
      "stacks/instances/dev/deep/c.yaml",
      "stacks/instances/dev/d.yml",
      "stacks/instances/dev/README.md",
    ]);
    expect([...instanceFiles].map(([name, { file: path }]) => [name, path])).toEqual([
      ["a", file("a")],
      ["d", "stacks/instances/dev/d.yml"],
    ]);
    expect(shared).toEqual([]);
  });

  it("are code, defaults, versions and the stack's own values; what makes no instance is none", () => {
    const made = [
      "Pulumi.yaml",
      "components/internal/tiers.ts",
      "package-lock.json",
      "program/values/tiers.ts",
      "stacks/Pulumi.dev.yaml",
    ];
    const not = [
      "README.md",
      "docs/x.md",
      "policies/rule.ts",
      "stacks/Pulumi.prod.yaml",
      "stacks/policies.json",
      "stacks/prices.yaml",
      "test/components/x.ts",
      "xcomponents/a.ts",
    ];
    expect(of([...made, ...not]).shared).toEqual(made);
  });

  it("carry the names that instances have in a review environment", () => {
    const { instanceFiles } = of([file("a")], {
      stack: "pr-12",
      nameOf: (name) => `pr-12-${name}`,
    });
    expect([...instanceFiles.keys()]).toEqual(["pr-12-a"]);
  });
});
