import { expect, test } from "vitest";
import { verbs } from "../../../cli/verbs.ts";
import { ofFixtures, project } from "./support/project.ts";
import { typed } from "./support/typed.ts";

// Wrong input as it is typed: one message, exit code 2, nothing on standard output, no question.

const wrong: readonly [verb: string, what: string, args: string[], message: RegExp][] = [
  [
    "new-environment",
    "nothing given",
    [],
    /^Values are missing that have no good default[^]* {2}--kind <kind>: /,
  ],
  [
    "new-instance",
    "an unknown option",
    ["--tire", "sandbox"],
    /unknown option '--tire'[^]*Did you mean --tier/,
  ],
  [
    "promote",
    "a word too many",
    ["fraud-detector", "dev", "staging", "prod"],
    /too many arguments/,
  ],
  [
    "promote",
    "an environment that is not there",
    ["fraud-detector", "dev", "qa"],
    /^There is no environment "qa"; [^\n]+\n$/,
  ],
  [
    "stacks",
    "an option without its value",
    ["--changed"],
    /option '--changed <git ref>' argument missing/,
  ],
  [
    "policies",
    "a configuration with an unknown rule",
    ["--check", "package.json"],
    /package\.json: name: there is no such rule/,
  ],
  ["setup-ci", "no stack", [], /missing required argument 'stack'/],
  ["gitlab-jobs", "jobs that there aren't", ["destroy", "jobs.yml"], /'destroy' is invalid/],
  ["preview", "an unknown stack", ["exmaple"], /^exmaple: no such stack/],
  ["deploy", "an unknown stack", ["exmaple"], /^exmaple: no such stack/],
  ["drift", "an unknown stack", ["exmaple"], /^exmaple: no such stack/],
  [
    "comment",
    "no Git host",
    ["prod", "--file", "page.md"],
    /^Neither GITHUB_API_URL nor CI_API_V4_URL is set/,
  ],
  [
    "review-environment",
    "no number",
    ["destroy", "pr-12"],
    /expected the number of a pull request/,
  ],
  [
    "review-environment",
    "an unknown base",
    ["up", "12", "--from", "qa"],
    /^--from qa: no such stack/,
  ],
  ["tokens", "no stack", [], /missing required argument 'stack'/],
  [
    "tokens",
    "an unknown stack",
    ["exmaple"],
    /^There is no stack "exmaple"; those with a file in stacks\/ are: .+\.\n$/,
  ],
  [
    "tokens",
    "uses of every instance",
    ["example", "--used"],
    /^--used: needs an instance; use tokens <stack> <instance> --used\.\n$/,
  ],
  ["retention", "no instance", ["example"], /missing required argument 'instance'/],
  [
    "retention",
    "an unknown stack",
    ["exmaple", "shop"],
    /^There is no stack "exmaple"; those with a file in stacks\/ are: .+\.\n$/,
  ],
  ["stale-runs", "an unknown instance", ["dev", "shop"], /^Stack dev has no instance "shop"/],
  ["orphans", "an unknown option", ["example", "shop", "--force"], /unknown option '--force'/],
  [
    "orphans",
    "--confirm without --remove",
    ["example", "shop", "--confirm", "shop"],
    /^--confirm belongs to --remove; nothing was removed\.\n$/,
  ],
  [
    "restore-deleted",
    "a name whose spaces were not quoted",
    ["example", "shop", "north", "depot"],
    /too many arguments/,
  ],
  [
    "purge",
    "a kind that is none",
    ["example", "shop", "registered-model", "x"],
    /Allowed choices are experiment, run, logged-model, trace/,
  ],
  ["purge", "no thing", ["example", "shop", "run"], /missing required argument 'id-or-name'/],
  ["audit", "no time", ["example", "shop"], /required option '--since <time>' not specified/],
  [
    "audit",
    "a time that is none",
    ["example", "shop", "--since", "yesterday"],
    /^--since "yesterday": is not a time; use hours or days before now/,
  ],
  [
    "audit",
    "a kind that is none",
    ["example", "shop", "--since", "24h", "--what", "all"],
    /Allowed choices are changes, deletions, aliases, refusals/,
  ],
  ["completion", "a shell that is none", ["powershell"], /Allowed choices are bash, zsh, fish/],
];

test.each(wrong)("%s: %s", async (verb, _what, args, message) => {
  const { code, out, notes } = await typed(project(ofFixtures()).root, [verb, ...args]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(notes).toMatch(message);
  expect(notes).not.toMatch(/^ +at /m);
});

test("every verb has its wrong input here", () => {
  expect([...new Set(wrong.map(([verb]) => verb))].sort()).toEqual(
    verbs.map(({ name }) => name).sort(),
  );
});

test("an unknown verb is wrong input, too", async () => {
  const { code, notes } = await typed(project().root, ["previw", "dev"]);
  expect(code).toBe(2);
  expect(notes).toMatch(/unknown command 'previw'[^]*Did you mean preview/);
});
