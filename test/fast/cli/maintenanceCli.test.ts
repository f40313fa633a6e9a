import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

// The command line as it is typed, up to the point where a cluster would be needed.

function type(...args: string[]): Promise<{ code: number; output: string; notes: string }> {
  const cli = join(import.meta.dirname, "../../../cli/maintenanceCli.ts");
  return new Promise((resolve) =>
    execFile(process.execPath, [cli, ...args], (error, output, notes) =>
      resolve({ code: error === null ? 0 : Number(error.code), output, notes }),
    ),
  );
}

test.each<[string, string[], RegExp]>([
  [
    "no instance",
    ["retention", "example"],
    /missing required argument 'instance'[^]*npm run retention -- <stack> <instance> \[options\]/,
  ],
  ["an unknown option", ["orphans", "example", "shop", "--force"], /unknown option '--force'/],
  [
    "a name whose spaces were not quoted",
    ["restore-deleted", "example", "shop", "north", "depot"],
    /too many arguments/,
  ],
  ["an unknown command", ["gc", "example", "shop"], /unknown command 'gc'/],
  [
    "--confirm without --remove",
    ["orphans", "example", "shop", "--confirm", "shop"],
    /^--confirm belongs to --remove; nothing was removed\.\n$/,
  ],
  [
    "a kind that is none",
    ["purge", "example", "shop", "registered-model", "x"],
    /Allowed choices are experiment, run, logged-model, trace/,
  ],
  [
    "purge without a thing",
    ["purge", "example", "shop", "run"],
    /missing required argument 'id-or-name'/,
  ],
  [
    "an unknown stack",
    ["retention", "exmaple", "shop"],
    /^There is no stack "exmaple"; those with a file in stacks\/ are: .+\.\n$/,
  ],
])("%s is wrong input: one message, exit code 2", async (_what, args, words) => {
  const { code, output, notes } = await type(...args);
  expect({ code, output }).toEqual({ code: 2, output: "" });
  expect(notes).toMatch(words);
  expect(notes).not.toMatch(/^ +at /m);
});

test("help is no error and names every command", async () => {
  const { code, output } = await type("--help");
  expect(code).toBe(0);
  for (const name of ["retention", "stale-runs", "orphans", "restore-deleted", "purge"])
    expect(output).toContain(`  ${name} `);
});
