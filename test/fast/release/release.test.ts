import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { notesOf } from "../../../release/changelog.ts";
import { notesOfTag, publishArguments } from "../../../release/publish.ts";
import { release } from "../../../release/release.ts";

// On a repository with this one's manifests and a changelog of its own. What it can't prove is the
// workflow behind the pushed tag.

const clone = resolve(import.meta.dirname, "..", "..", "..");
const packs = ["isolation", "naming", "reliability", "retention", "security"].map(
  (pack) => `policies/${pack}`,
);
const manifests = [
  "package.json",
  "package-lock.json",
  ...[...["cli", "components", "local", "policies", "examples/typescript"], ...packs].map(
    (folder) => `${folder}/package.json`,
  ),
];
const day = "2026-12-01";
let root: string;
const git = (...args: string[]) => execa("git", args, { cwd: root });
const read = (file: string) => readFile(join(root, file), "utf8");

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mlflow-instances-release-"));
  for (const file of manifests) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await cp(join(clone, file), join(root, file));
  }
  await writeFile(join(root, "CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n- A token.\n");
  await git("init", "--quiet", "--initial-branch", "main");
  await git("config", "user.email", "founder@example.com");
  await git("config", "user.name", "Founder");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "First");
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("a release is a version in every manifest, a section of the changelog, a commit and a tag", async () => {
  await release(root, "9.1.0", day);
  expect(await read("CHANGELOG.md")).toBe(
    `# Changelog\n\n## Unreleased\n\n## 9.1.0 (${day})\n\n- A token.\n`,
  );
  for (const file of manifests.filter((each) => !each.startsWith("examples")))
    expect((JSON.parse(await read(file)) as { version: string }).version, file).toBe("9.1.0");
  const example = JSON.parse(await read("examples/typescript/package.json"));
  expect(example.dependencies["@mlflow-instances/components"]).toBe("9.1.0");
  expect((await git("status", "--porcelain")).stdout).toBe("");
  expect((await git("log", "-1", "--format=%s")).stdout).toBe("Release 9.1.0");
  expect((await git("tag", "--list")).stdout).toBe("v9.1.0");
  expect(notesOf(await read("CHANGELOG.md"), "9.1.0")).toBe("- A token.");
  // npm itself finds nothing to correct in the lock file.
  const lock = await read("package-lock.json");
  await expect(release(root, "9.2.0", day)).rejects.toThrow("says nothing under Unreleased");
  expect(await read("package-lock.json")).toBe(lock);
});

test.each([
  ["v9.1.0", "is no semantic version"],
  ["9.1", "is no semantic version"],
  ["0.0.1", "does not come after"],
])("%s is refused, and nothing is changed", async (version, why) => {
  await expect(release(root, version, day)).rejects.toThrow(why);
  expect((await git("status", "--porcelain")).stdout).toBe("");
});

test("a branch is no place for a release, and a commit that fails leaves nothing", async () => {
  await writeFile(join(root, ".git", "hooks", "pre-commit"), "#!/bin/sh\nexit 1\n", {
    mode: 0o755,
  });
  await expect(release(root, "9.1.0", day)).rejects.toThrow("git did not commit");
  expect((await git("status", "--porcelain")).stdout).toBe("");
  await git("checkout", "--quiet", "-b", "feature");
  await expect(release(root, "9.1.0", day)).rejects.toThrow("the branch is feature");
});

test("what is not committed and a tag that exists are refused", async () => {
  await git("tag", "v9.1.0");
  await expect(release(root, "9.1.0", day)).rejects.toThrow("the tag v9.1.0 exists");
  await writeFile(join(root, "CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n- Another.\n");
  await expect(release(root, "9.2.0", day)).rejects.toThrow("not committed");
});

// `gh` itself and the workflow are not run here.
test("what is published is the tag that is checked out, with its notes and files", async () => {
  await release(root, "9.1.0-rc.1", day);
  expect(await notesOfTag(root, "v9.1.0-rc.1")).toBe("- A token.");
  await expect(notesOfTag(root, "v9.2.0")).rejects.toThrow('"v9.2.0" is not of 9.1.0-rc.1');
  expect(publishArguments("v9.1.0-rc.1", ["packed/a.tgz"])).toEqual(
    "release create v9.1.0-rc.1 packed/a.tgz --verify-tag --title v9.1.0-rc.1 --notes-file - --prerelease".split(
      " ",
    ),
  );
});
