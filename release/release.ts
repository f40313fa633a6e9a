import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa, type ExecaError } from "execa";
import { compare, valid } from "semver";
import { notesOf, released } from "./changelog.ts";
import { versionOf, writeVersion } from "./manifests.ts";

/** Why a release can't be made; nothing was changed. */
export class ReleaseError extends Error {}

/**
 * Makes a version of what is committed: the version in every manifest, its section in the
 * changelog, a commit and a tag. Nothing is pushed; the pushed tag starts the workflow that packs
 * and publishes.
 */
export async function release(root: string, version: string, day: string): Promise<void> {
  const git = (...args: string[]) => execa("git", args, { cwd: root });
  const tag = `v${version}`;
  const file = join(root, "CHANGELOG.md");
  const changelog = await readFile(file, "utf8");
  const current = await versionOf(root);
  if (valid(version) !== version)
    throw new ReleaseError(`${version} is no semantic version such as 1.2.3`);
  if (compare(version, current) < 0 || notesOf(changelog, version) !== undefined)
    throw new ReleaseError(`${version} does not come after ${current}`);
  if ((await git("status", "--porcelain")).stdout !== "")
    throw new ReleaseError("there are changes that are not committed");
  if ((await git("tag", "--list", tag)).stdout !== "")
    throw new ReleaseError(`the tag ${tag} exists`);
  if (!/^- /m.test(notesOf(changelog, "Unreleased") ?? ""))
    throw new ReleaseError("CHANGELOG.md says nothing under Unreleased");
  const branch = (await git("branch", "--show-current")).stdout;
  if (branch !== "main") throw new ReleaseError(`the branch is ${branch || "none"}, not main`);

  await writeVersion(root, version);
  await writeFile(file, released(changelog, version, day));
  try {
    await git("commit", "--quiet", "--all", "--message", `Release ${version}`);
  } catch (error) {
    await git("checkout", "--quiet", "HEAD", "--", ".");
    const { stderr } = error as ExecaError<{ cwd: string }>;
    throw new ReleaseError(`git did not commit: ${stderr}`);
  }
  await git("tag", "--annotate", tag, "--message", `Version ${version}`);
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const [version = ""] = process.argv.slice(2);
  try {
    await release(root, version, new Date().toISOString().slice(0, 10));
    console.log(`Tagged v${version}. Publish it: git push origin main v${version}`);
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    console.error(`No release: ${error.message}. Usage: npm run release -- <version>`);
    process.exitCode = 2;
  }
}
