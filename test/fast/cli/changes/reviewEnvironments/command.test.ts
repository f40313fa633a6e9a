import { expect, test } from "vitest";
import { typed } from "../../support/typed.ts";
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
  const env = { PATH: fake.workplace.env!["PATH"]! };
  const ended = await typed(fake.root, ["review-environment", ...args], { env });
  return { ...ended, calls: fake.calls() };
}

test.each(["pr-12", "012", "12abc", "0", "1.5", "12,13", "prod", "../prod", "1234567890", ""])(
  "%j is no pull request's number",
  async (number) => {
    for (const command of [["destroy"], ["up", "--from", "dev"]]) {
      const { code, notes, calls } = await run([...command, number]);
      expect(code).toBe(2);
      expect(notes).toContain("expected the number of a pull request, such as 12");
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
  const { code, calls } = await run(args);
  expect({ code, calls }).toEqual({ code: 2, calls: [] });
});

test("destroy says whether there was one, and ends with 0 both times", async () => {
  expect(await run(["destroy", "12"])).toMatchObject({
    out: "There is no review environment pr-12.\n",
    code: 0,
  });
  expect(await run(["destroy", "12"], { "pr-12": { state: state("2026-11-29") } })).toMatchObject({
    out: "pr-12 is destroyed.\n",
    code: 0,
  });
});

test("reap prints what it did, for people and machines, and ends with 6 when something is left", async () => {
  const over = { state: state("2020-01-01") };
  const why = "its last day was 2020-01-01";
  expect(await run(["reap"], { "pr-12": over })).toMatchObject({
    out: `  pr-12  destroyed  ${why}\n`,
    code: 0,
  });
  const { out, code } = await run(["reap", "--json"], {
    "pr-12": { ...over, destroyFails: "no" },
  });
  expect(JSON.parse(out)).toEqual([{ stack: "pr-12", act: "destroy", why, outcome: "failed" }]);
  expect(code).toBe(6);
  expect(await run(["reap"], { "pr-12": { state: state("9999-12-31") } })).toMatchObject({
    code: 0,
    out: "  pr-12  kept  until 9999-12-31\n",
  });
});

test("list shows what there is, and nothing that only bears the name", async () => {
  const stacks = {
    "pr-12": { state: state("9999-12-31"), lastUpdate: "2026-11-22T10:00:00Z" },
    "pr-13": { state: stateOf("pr-13", {}) },
    "pr-14": { state: stateOf("pr-14", { outputs: { url: "https://example.com" } }) },
  };
  expect((await run(["list"], stacks)).out.split("\n")).toEqual([
    "  STACK  UNTIL         INSTANCES",
    "  pr-12  9999-12-31    https://pr-12-shop.mlflow.test",
    "  pr-13  not complete",
    "",
  ]);
  expect(JSON.parse((await run(["list", "--json"], stacks)).out)).toEqual([
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
  const { code, notes } = await typed("/", ["review-environment", "list"], {
    env: { PATH: "/nowhere" },
  });
  expect(code).toBe(1);
  expect(notes).toContain("pulumi is not on PATH");
});
