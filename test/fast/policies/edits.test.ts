import { beforeAll, expect, test } from "vitest";
import { dayIn } from "../../support/dates.ts";
import { allEdits } from "../../support/rawEdits.ts";
import { compliantStack, urnOf, type RawResource } from "../../support/rawStack.ts";
import { saidOf } from "./everyRule.ts";
import type { Given } from "./support.ts";

// That the engine hears the same from the packs, of many edits at a time, is test/judged's.

let compliant: readonly RawResource[];

beforeAll(async () => {
  compliant = await compliantStack();
});

function asGiven(resource: RawResource, stack: readonly RawResource[]): Given {
  const provider = stack.find(({ name }) => name === resource.provider);
  return {
    type: resource.type,
    name: resource.name,
    props: resource.inputs,
    urn: urnOf("prod", resource),
    opts: { protect: resource.protect },
    ...(provider === undefined
      ? {}
      : {
          provider: { type: provider.type, props: provider.inputs, urn: urnOf("prod", provider) },
        }),
  };
}

/** Names of the rules that say something. */
async function brokenBy(stack: readonly RawResource[]): Promise<string[]> {
  const lines = await saidOf(
    stack.map((resource) => asGiven(resource, stack)),
    () => ({ today: dayIn(0) }),
  );
  return [...new Set(lines.map((line) => line.replace(/:.*/s, "")))].sort();
}

/** They compare with what was deployed before; here that is nothing. */
const comparing = ["mlflow-is-not-downgraded", "retention-is-not-cut-short"];

test("the unchanged stack keeps every rule", async () => {
  expect(await brokenBy(compliant)).toEqual([]);
});

test.each(allEdits)("$rule: $what breaks this rule and no other", async ({ rule, apply }) => {
  expect(await brokenBy(apply(compliant))).toEqual(comparing.includes(rule) ? [] : [rule]);
});
