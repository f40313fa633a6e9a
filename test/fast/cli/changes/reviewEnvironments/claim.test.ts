import { expect, test } from "vitest";
import { claimOf } from "../../../../../cli/changes/reviewEnvironments/claim.ts";
import { parseState } from "../../../../../cli/changes/reviewEnvironments/state.ts";
import { stateOf } from "./fakePulumi.ts";

// Which stacks a command may ever destroy: the whole of that decision.

const providers = ["kubernetes", "aws", "pulumi"].map((name) => ({
  type: `pulumi:providers:${name}`,
  name,
}));
const own = [
  ...providers,
  { type: "aws:s3/bucket:Bucket", name: "pr-12-shop-bucket" },
  { type: "mlflow:index:MlflowInstance", name: "pr-12-shop" },
];
const said = { preview: { pullRequest: 12, until: "2026-11-29" }, instances: {} };
const claim = (stack: string, state: Parameters<typeof stateOf>[1]) =>
  claimOf(stack, parseState(JSON.stringify(stateOf(stack, state))));

test("a stack whose name and outputs say the same is one, until the day in them", () => {
  expect(claim("pr-12", { outputs: said, resources: own })).toEqual({
    preview: true,
    until: "2026-11-29",
  });
});

test("so is one without outputs, all of whose resources bear the pull request's name; nobody knows until when", () => {
  expect(claim("pr-12", { resources: own })).toEqual({ preview: true, until: undefined });
  expect(claim("pr-12", { outputs: {}, resources: providers })).toEqual({
    preview: true,
    until: undefined,
  });
  expect(claimOf("pr-12", parseState('{"version":3,"deployment":{}}'))).toEqual({
    preview: true,
    until: undefined,
  });
});

test.each(["prod", "local", "staging", "pr", "pr-x", "pr-012", "pr-12-x", "xpr-12", "pr-0"])(
  "%s is none, whatever its outputs say",
  (stack) => {
    expect(claim(stack, { outputs: said, resources: [] })).toEqual({
      preview: false,
      why: "is not named pr-<number>",
    });
    expect(claim(stack, {})).toMatchObject({ preview: false });
  },
);

test.each<[string, unknown]>([
  ["another pull request", { pullRequest: 13, until: "2026-11-29" }],
  ["a number as a text", { pullRequest: "12", until: "2026-11-29" }],
  ["no number", { until: "2026-11-29" }],
  ["no day", { pullRequest: 12 }],
  ["a time", { pullRequest: 12, until: "2026-11-29T00:00:00Z" }],
  [
    "a secret",
    { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" },
  ],
  ["a text", "pr-12"],
  ["nothing", null],
])("an output that names %s makes it none", (_, preview) => {
  expect(claim("pr-12", { outputs: { preview }, resources: own })).toEqual({
    preview: false,
    why: 'its output "preview" is not that of pull request 12',
  });
});

test("outputs that say nothing of a preview make it none: somebody else's stack by that name", () => {
  expect(claim("pr-12", { outputs: { url: "https://example.com" }, resources: own })).toMatchObject(
    { preview: false },
  );
  expect(claim("pr-12", { outputs: { instances: {}, tokens: {} } })).toMatchObject({
    preview: false,
  });
});

test.each(["shop-bucket", "pr-1-shop-bucket", "pr-123-shop-bucket", "pr-12", "PR-12-shop"])(
  "a resource named %s makes it none before its first outputs",
  (name) => {
    expect(claim("pr-12", { resources: [...own, { type: "aws:s3/bucket:Bucket", name }] })).toEqual(
      {
        preview: false,
        why: `it has ${name} (aws:s3/bucket:Bucket), which is no part of a review environment`,
      },
    );
  },
);
