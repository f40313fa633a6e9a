import { Command, CommanderError } from "commander";
import { expect, onTestFinished, test, vi } from "vitest";
import { register } from "../../../../../cli/changes/reviewEnvironment.ts";
import type { ExitCode } from "../../../../../cli/exitCode.ts";
import { fakePulumi, stateOf, type FakeStack } from "./fakePulumi.ts";

// The command line: what it takes, what it prints, how it ends.

const instances = {
  "pr-12-shop": {
    trackingUri: "https://pr-12-shop.mlflow.test",
    tokens: { ci: { role: "edit", expires: "2026-11-29" } },
  },
};
const state = (until: string) =>
  stateOf("pr-12", { outputs: { preview: { pullRequest: 12, until }, instances } });

async function run(args: readonly string[], stacks: Record<string, FakeStack> = {}) {
  const fake = fakePulumi(stacks);
  vi.stubEnv("PATH", fake.workplace.env!["PATH"]);
  onTestFinished(() => void vi.unstubAllEnvs());
  let printed = "";
  let exitCode: ExitCode | undefined;
  const program = new Command("npm run");
  // A subcommand takes these over when it is made.
  program.exitOverride().configureOutput({ writeErr: (text) => void (printed += text) });
  const context = {
    root: fake.root,
    signal: new AbortController().signal,
    out: (text: string) => void (printed += text),
    note: () => undefined,
  };
  register(program, context, async (action) => {
    exitCode = await action();
  });
  const error: unknown = await program
    .parseAsync(["preview-environment", ...args], { from: "user" })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  return { printed, exitCode, error, calls: fake.calls() };
}

test.each(["pr-12", "012", "12abc", "0", "1.5", "12,13", "prod", "../prod", "1234567890", ""])(
  "%j is no pull request's number",
  async (number) => {
    for (const command of [["destroy"], ["up", "--from", "dev"]]) {
      const { error, printed, calls } = await run([...command, number]);
      expect(error).toBeInstanceOf(CommanderError);
      expect(printed).toContain("expected the number of a pull request, such as 12");
      expect(calls).toEqual([]);
    }
  },
);

test.each([
  [["up", "12"]],
  [["up", "--from", "dev"]],
  [["destroy"]],
  [["up", "12", "--from", "dev", "--instances", "shop,,cart"]],
  [["reap", "--force"]],
])("%j is refused", async (args) => {
  const { error, calls } = await run(args);
  expect(error).toBeInstanceOf(CommanderError);
  expect(calls).toEqual([]);
});

test("destroy says whether there was one, and ends with 0 both times", async () => {
  expect(await run(["destroy", "12"])).toMatchObject({
    printed: "There is no preview environment pr-12.\n",
    exitCode: 0,
  });
  expect(await run(["destroy", "12"], { "pr-12": { state: state("2026-11-29") } })).toMatchObject({
    printed: "pr-12 is destroyed.\n",
    exitCode: 0,
  });
});

test("reap prints what it did, for people and machines, and ends with 1 when something failed", async () => {
  const over = { state: state("2020-01-01") };
  const why = "its last day was 2020-01-01";
  expect(await run(["reap"], { "pr-12": over })).toMatchObject({
    printed: `  pr-12  destroyed  ${why}\n`,
    exitCode: 0,
  });
  const { printed, exitCode } = await run(["reap", "--json"], {
    "pr-12": { ...over, destroyFails: "no" },
  });
  expect(JSON.parse(printed)).toEqual([{ stack: "pr-12", act: "destroy", why, outcome: "failed" }]);
  expect(exitCode).toBe(1);
  expect(await run(["reap"], { "pr-12": { state: state("9999-12-31") } })).toMatchObject({
    exitCode: 0,
    printed: "  pr-12  kept  until 9999-12-31\n",
  });
});

test("list shows what there is, and nothing that only bears the name", async () => {
  const stacks = {
    "pr-12": { state: state("9999-12-31"), lastUpdate: "2026-11-22T10:00:00Z" },
    "pr-13": { state: stateOf("pr-13", {}) },
    "pr-14": { state: stateOf("pr-14", { outputs: { url: "https://example.com" } }) },
  };
  expect((await run(["list"], stacks)).printed.split("\n")).toEqual([
    "  STACK  UNTIL         INSTANCES",
    "  pr-12  9999-12-31    https://pr-12-shop.mlflow.test",
    "  pr-13  not complete",
    "",
  ]);
  expect(JSON.parse((await run(["list", "--json"], stacks)).printed)).toEqual([
    {
      stack: "pr-12",
      until: "9999-12-31",
      lastUpdate: "2026-11-22T10:00:00Z",
      instances: [
        {
          name: "pr-12-shop",
          trackingUri: "https://pr-12-shop.mlflow.test",
          tokens: { ci: "edit" },
        },
      ],
    },
    { stack: "pr-13", instances: [] },
  ]);
});

test("without the CLI it says what to do", async () => {
  vi.stubEnv("PATH", "/nowhere");
  onTestFinished(() => void vi.unstubAllEnvs());
  const program = new Command("npm run");
  const context = {
    root: "/",
    signal: new AbortController().signal,
    out: () => undefined,
    note: () => undefined,
  };
  register(program, context, async (action) => void (await action()));
  await expect(
    program.parseAsync(["preview-environment", "list"], { from: "user" }),
  ).rejects.toThrow("pulumi is not on PATH");
});
