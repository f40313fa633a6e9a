import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A Git repository of a test's own, with its files as one commit. */
export function repository(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "repository-"));
  // Neither the user's settings nor a repository around this one count.
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_DIR: undefined,
    GIT_WORK_TREE: undefined,
  };
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.com", ...args], {
      cwd: root,
      env,
      encoding: "utf8",
    }).trim();
  const write = (changes: Readonly<Record<string, string | undefined>>): void => {
    for (const [path, text] of Object.entries(changes)) {
      if (text === undefined) rmSync(join(root, path));
      else {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
    }
  };
  const commit = (changes: Readonly<Record<string, string | undefined>>): string => {
    write(changes);
    git("add", "--all");
    git("commit", "--quiet", "--message", "a change");
    return git("rev-parse", "HEAD");
  };
  git("init", "--quiet", "--initial-branch=main");
  return {
    root,
    git,
    write,
    commit,
    first: commit(files),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
