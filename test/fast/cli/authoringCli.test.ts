import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

// The command line as it is typed, by a process of its own without a terminal.

const root = join(import.meta.dirname, "../../..");

function run(...args: string[]): Promise<{ code: number; output: string; notes: string }> {
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      [join(root, "cli/authoringCli.ts"), ...args],
      (error, output, notes) =>
        resolve({ code: error === null ? 0 : Number(error.code), output, notes }),
    ),
  );
}

test.each<[string, string[], RegExp]>([
  [
    "nothing given",
    ["new-environment"],
    /^Values are missing that have no good default[^]* {2}--kind <kind>: /,
  ],
  [
    "an unknown flag",
    ["new-instance", "--tire", "sandbox"],
    /unknown option '--tire'[^]*Did you mean --tier/,
  ],
  ["an unknown command", ["new-stack"], /unknown command 'new-stack'/],
  [
    "a word too many",
    ["promote", "fraud-detector", "dev", "staging", "prod"],
    /too many arguments/,
  ],
  [
    "an environment that is not there",
    ["promote", "fraud-detector", "dev", "qa"],
    /^There is no environment "qa"; [^\n]+\n$/,
  ],
])("%s is wrong input: one message, exit code 1, no question", async (_what, args, words) => {
  const { code, output, notes } = await run(...args);
  expect({ code, output }).toEqual({ code: 1, output: "" });
  expect(notes).toMatch(words);
  expect(notes).not.toMatch(/^ +at /m);
});

test("help is no error and names the three commands, which are npm scripts", async () => {
  const { code, output } = await run("--help");
  expect(code).toBe(0);
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const name of ["new-environment", "new-instance", "promote"]) {
    expect(output).toContain(`  ${name} `);
    expect(scripts[name]).toBe(`node cli/authoringCli.ts ${name}`);
  }
});
