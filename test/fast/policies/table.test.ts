import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { configurationProblems } from "../../../policies/configuration.ts";
import { withTable } from "../../../cli/environments/policies.ts";
import { resourceRule, stackRule } from "../../../policies/rule.ts";
import { rules } from "../../../policies/rules.ts";
import { bounds } from "../../../policies/settings.ts";
import { knownAtUp, markdownOf, tableOf, textOf } from "../../../policies/table.ts";

const page = readFileSync(
  join(import.meta.dirname, "..", "..", "..", "docs", "policies.md"),
  "utf8",
);

test("the page holds the table of today; `npx mlflow-instances policies --write` writes it", () => {
  expect(withTable(page)).toBe(page);
  for (const { name } of rules) expect(page).toContain(`\`${name}\` |`);
});

test("the example of a configuration on the page is right", () => {
  const example = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  expect(configurationProblems(example, rules)).toEqual([]);
});

test("what is judged at up only names rules that exist", () => {
  const names = rules.map(({ name }) => name);
  expect([...knownAtUp].filter((name) => !names.includes(name))).toEqual([]);
});

const facts = {
  severity: "high",
  demand: "It is | so.",
  reason: "Why.",
  steps: "Set it.",
} as const;
const rows = tableOf([
  stackRule({ ...facts, name: "later-one", pack: "security", *check() {} }),
  resourceRule({
    ...facts,
    name: "first-one",
    pack: "naming",
    types: [],
    *check() {},
    remedy: () => undefined,
    settings: z.object({
      days: bounds(z.int().min(1).max(90), 30, {
        tiers: { production: 7 },
        environments: { "pr-*": 1 },
      }).describe("Days."),
      least: z.string().default("3.17").describe("A version."),
      modes: z
        .array(z.enum(["a", "b"]))
        .default([])
        .describe("Modes."),
    }),
  }),
]);

test("rules stand by pack, with settings and their bounds by tier and environment", () => {
  expect(
    rows.map(({ name, level, remedy, firstPreview }) => [name, level, remedy, firstPreview]),
  ).toEqual([
    ["first-one", "mandatory", true, "yes"],
    ["later-one", "mandatory", false, "yes"],
  ]);
  expect(rows[0]?.settings).toEqual([
    {
      name: "days",
      meaning: "Days.",
      value: "30; pr-*: 1; production: 7",
      allowed: "by tier and environment, a whole number from 1 to 90",
    },
    { name: "least", meaning: "A version.", value: "3.17", allowed: "a text" },
    { name: "modes", meaning: "Modes.", value: "none", allowed: "a list of a, b" },
  ]);
});

test("the table as Markdown and as text", () => {
  expect(markdownOf(rows)).toContain(
    '| <a id="first-one"></a>`first-one` | high, mandatory | It is \\| so. Why. | Set it. | `days`: 30; pr-*: 1; production: 7<br>`least`: 3.17',
  );
  expect(textOf(rows)).toContain(
    "first-one  (mlflow-naming, high, mandatory, has a remedy)\n  It is | so.\n  Why.\n  To comply: Set it.\n  days: 30;",
  );
});
