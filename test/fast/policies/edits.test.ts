import { beforeAll, expect, test } from "vitest";
import { dayIn } from "../../support/dates.ts";
import { allEdits } from "../../support/rawEdits.ts";
import { routed } from "../../support/rawEdits/routes.ts";
import { compliantStack, type RawResource } from "../../support/rawStack.ts";
import { urnOf } from "../../support/urn.ts";
import { asGiven, saidOf } from "./everyRule.ts";
import type { Given } from "./support.ts";

// That the engine hears the same from the packs, of many edits at a time, is test/judged's.

let compliant: readonly RawResource[];

beforeAll(async () => {
  compliant = await compliantStack();
});

function withProvider(resource: RawResource, stack: readonly RawResource[]): Given {
  const provider = stack.find(({ name }) => name === resource.provider);
  const given = asGiven("prod", resource);
  if (provider === undefined) return given;
  const { type, inputs: props } = provider;
  return { ...given, provider: { type, props, urn: urnOf("prod", provider) } };
}

/** Names of the rules that say something. */
async function brokenBy(stack: readonly RawResource[]): Promise<string[]> {
  const lines = await saidOf(
    stack.map((resource) => withProvider(resource, stack)),
    () => ({ today: dayIn(0) }),
  );
  return [...new Set(lines.map((line) => line.replace(/:.*/s, "")))].sort();
}

/** They compare with what was deployed before; here that is nothing. */
const comparing = ["mlflow-is-not-downgraded", "retention-is-not-cut-short"];

test("the unchanged stack keeps every rule", async () => {
  expect(await brokenBy(compliant)).toEqual([]);
});

test("an instance behind a Gateway keeps every rule", async () => {
  expect(await brokenBy(routed((stack) => stack)(compliant))).toEqual([]);
});

test.each(allEdits)("$rule: $what breaks this rule and no other", async ({ rule, apply }) => {
  expect(await brokenBy(apply(compliant))).toEqual(comparing.includes(rule) ? [] : [rule]);
});
