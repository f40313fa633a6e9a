import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { execa } from "execa";
import { notesOf } from "./changelog.ts";
import { versionOf } from "./manifests.ts";
import { packAll } from "./pack.ts";

/** What `gh` is told to publish a tag with these files; its notes come on standard input. */
export const publishArguments = (tag: string, files: readonly string[]): string[] => [
  "release",
  "create",
  tag,
  ...files,
  "--verify-tag",
  "--title",
  tag,
  "--notes-file",
  "-",
  ...(tag.includes("-") ? ["--prerelease"] : []),
];

/** A tag's section of the changelog; the tag has to be of the version that is checked out. */
export async function notesOfTag(root: string, tag: string): Promise<string> {
  const version = await versionOf(root);
  const notes = notesOf(await readFile(resolve(root, "CHANGELOG.md"), "utf8"), version);
  if (tag !== `v${version}` || notes === undefined)
    throw new Error(`the tag "${tag}" is not of ${version}, or CHANGELOG.md has no such section`);
  return notes;
}

// In the workflow only: TAG is the pushed tag, and `gh` has its token.
if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const tag = process.env["TAG"] ?? "";
  const input = await notesOfTag(root, tag);
  const files = await packAll(resolve(root, "packed"));
  await execa("gh", publishArguments(tag, files), { cwd: root, input, stdout: "inherit" });
}
