import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configurationProblems } from "../../../policies/configuration.ts";
import { rules } from "../../../policies/rules.ts";
import { toPolicy } from "../../../policies/sdk/toPolicy.ts";
import { fixtureRoot } from "../../support/fixtureStacks.ts";
import { suggestion } from "../../../program/values/nearest.ts";

const problems = (configuration: unknown) =>
  configurationProblems(JSON.stringify(configuration), rules, suggestion);

test("a configuration as a file has it is right", () => {
  const text = readFileSync(join(fixtureRoot, "stacks", "policies.json"), "utf8");
  expect(configurationProblems(text, rules)).toEqual([]);
});

test("levels, settings and exclusions pass", () => {
  expect(
    problems({
      all: "advisory",
      "image-is-pinned": "disabled",
      "namespace-enforces-restricted": { enforcementLevel: "remediate" },
      "token-expires-in-time": {
        maxDays: { default: 60, tiers: { production: 30 }, environments: { "pr-*": 10 } },
        exclusions: [
          {
            instance: "fraud-detector",
            reason: "its client can't rotate before spring",
            until: "2027-04-30",
          },
        ],
      },
    }),
  ).toEqual([]);
});

test("everything that is wrong is said at once, each with its path", () => {
  const wrong = {
    all: "strict",
    "image-is-pined": "disabled",
    "image-is-pinned": "remediate",
    "ingress-has-tls": { enforcementLevel: "high" },
    "token-expires-in-time": {
      maxDays: { default: 0, tiers: { bronze: 3 } },
      minDays: 3,
      exclusions: [
        { instance: "fraud-detector", until: "2027-02-30" },
        { instance: "", reason: "because", until: "soon" },
      ],
    },
    "mlflow-is-recent": 3,
  };
  expect(problems(wrong).join("\n")).toMatchInlineSnapshot(`
    "all: "strict" is no level; one of advisory, mandatory, remediate, disabled
    image-is-pined: there is no such rule; did you mean image-is-pinned? \`npx mlflow-instances policies --list\` names them all
    image-is-pinned: remediate is not possible: the rule has no remedy
    ingress-has-tls: "high" is no level; one of advisory, mandatory, remediate, disabled
    token-expires-in-time.maxDays.default: Too small: expected number to be >=1
    token-expires-in-time.maxDays.tiers: Unrecognized key: "bronze"
    token-expires-in-time.exclusions[0].reason: is missing; say why the rule does not hold for this instance
    token-expires-in-time.exclusions[0].until: is not a date such as 2027-01-31
    token-expires-in-time.exclusions[1].instance: Too small: expected string to have >=1 characters
    token-expires-in-time.exclusions[1].reason: is too short; say why the rule does not hold for this instance
    token-expires-in-time.exclusions[1].until: is not a date such as 2027-01-31
    token-expires-in-time: Unrecognized key: "minDays"
    mlflow-is-recent: 3 is no level; one of advisory, mandatory, remediate, disabled"
  `);
});

test.each([
  ["", "is no JSON: "],
  ["{", "is no JSON: "],
  ["[]", "is not a JSON object of rule -> configuration"],
  ["null", "is not a JSON object of rule -> configuration"],
])("%j is refused", (text, problem) => {
  const [first, ...more] = configurationProblems(text, rules);
  expect(first).toContain(problem);
  expect(more).toEqual([]);
});

test("a wrong date is refused by one word in the engine's schema", () => {
  for (const rule of rules) {
    const schema = JSON.stringify(toPolicy(rule).configSchema);
    expect(schema).toContain('"format":"date"');
    expect(schema).not.toContain('"pattern":"^(?:(?:');
  }
});
