import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verbs } from "../../../cli/verbs.ts";
import { typed } from "./support/typed.ts";

// The script in a real bash. zsh runs the same functions; fish has a script of its own.

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "completion-"));
  for (const path of ["stacks/instances/dev", "stacks/instances/prod", "docs"])
    mkdirSync(join(folder, path), { recursive: true });
  for (const path of [
    "Pulumi.yaml",
    "stacks/Pulumi.dev.yaml",
    "stacks/Pulumi.prod.yaml",
    "stacks/Pulumi.prod-eu.yaml",
    "stacks/instances/dev/fraud-detector.yaml",
    "stacks/instances/dev/search-ranker.yaml",
    "stacks/instances/prod/fraud-detector.yaml",
    "docs/page.md",
  ])
    writeFileSync(join(folder, path), "");
  const { out } = await typed(folder, ["completion", "bash"]);
  writeFileSync(join(folder, "completion.bash"), out);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last word, in a folder below the project's. */
function offered(...words: string[]): string[] {
  const script = `
    source ../completion.bash
    spec=$(complete -p "\${1##*/}")
    function=\${spec##*-F }
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    "\${function%% *}" "$1" "\${@: -1}" "\${@: -2:1}"
    printf '%s\\n' "\${COMPREPLY[@]}"
  `;
  return execFileSync("bash", ["--norc", "-c", script, "bash", ...words], {
    cwd: join(folder, "docs"),
    encoding: "utf8",
  })
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

test.each<[string, string[], string[]]>([
  ["verbs", ["mlflow-instances", "re"], ["restore-deleted", "retention", "review-environment"]],
  ["verbs after npx", ["npx", "mlflow-instances", "drift"], ["drift"]],
  ["options of a verb", ["mlflow-instances", "preview", "dev", "--ma"], ["--markdown"]],
  ["stacks", ["mlflow-instances", "drift", "p"], ["prod", "prod-eu"]],
  ["stacks after npx", ["npx", "mlflow-instances", "deploy", ""], ["dev", "prod", "prod-eu"]],
  [
    "instances of the stack",
    ["mlflow-instances", "orphans", "dev", ""],
    ["fraud-detector", "search-ranker"],
  ],
  ["instances of the other stack", ["mlflow-instances", "orphans", "prod", ""], ["fraud-detector"]],
  [
    "instances after an option",
    ["mlflow-instances", "orphans", "--json", "x", "prod", ""],
    ["fraud-detector"],
  ],
  ["instances of all stacks, once", ["mlflow-instances", "promote", "f"], ["fraud-detector"]],
  ["a stack as an option's value", ["mlflow-instances", "new-instance", "--stack", "d"], ["dev"]],
  [
    "the value behind an equals sign",
    ["mlflow-instances", "new-instance", "--stack", "=", "d"],
    ["dev"],
  ],
  ["parts of a verb", ["mlflow-instances", "review-environment", "re"], ["reap"]],
  ["options of a part", ["mlflow-instances", "review-environment", "reap", "--dr"], ["--dry-run"]],
  ["choices", ["mlflow-instances", "purge", "dev", "fraud-detector", "log"], ["logged-model"]],
  ["files", ["mlflow-instances", "comment", "dev", "--file", "p"], ["page.md"]],
  ["nothing for a free text", ["mlflow-instances", "purge", "dev", "a", "run", ""], []],
  ["nothing for another program of npx", ["npx", "prettier", ""], []],
])("bash completes %s", (_what, words, expected) => {
  expect(offered(...words)).toEqual(expected);
});

test("no project around: no stacks, and no error", () => {
  const script = "source completion.bash; cd /; _mlflow_instances_stacks";
  expect(execFileSync("bash", ["--norc", "-c", script], { cwd: folder, encoding: "utf8" })).toBe(
    "",
  );
});

test.each(["zsh", "fish"])("the script of %s has every verb", async (shell) => {
  const { code, out } = await typed(folder, ["completion", shell]);
  expect(code).toBe(0);
  for (const { name } of verbs) expect(out).toContain(`"${name}"`);
  expect(out).not.toContain("# the table of commands");
});
