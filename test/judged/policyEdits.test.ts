import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentReport } from "../../local/report.ts";
import { configureStack } from "../../local/stack/configure.ts";
import { openPulumi, type Pulumi } from "../../local/stack/pulumi.ts";
import { preparePulumi } from "../../local/toolchain/index.ts";
import { rules } from "../../policies/rules.ts";
import { analyzed, brokenRules, putOff, type Judged } from "../engine/support/judged.ts";
import { allEdits, type Edit } from "../support/rawEdits.ts";
import { compliantStack, stateOf, type RawResource } from "../support/rawStack.ts";
import { scratchProject } from "../support/scratchProject.ts";

// The packs as the engine runs them. `pulumi policy analyze` is the engine without a program: it
// judges a stack's state, so every value is known, as at the end of `up`. It needs no platform, so
// it runs beside the tests that wait for one. That a preview of a program says the same is
// test/engine/policies.test.ts'.

const stack = "judged";
const pack = join(import.meta.dirname, "..", "..", "policies");

let pulumi: Pulumi;
let folder: string;
let compliant: readonly RawResource[];

/** The verdict on resources as they would be after `up`. */
async function judge(
  name: string,
  resources: readonly RawResource[],
  options: readonly string[] = [],
): Promise<Judged> {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(stateOf(stack, resources)));
  const cli = { path: pulumi.cli.cliPath, env: pulumi.env, folder: pulumi.project.folder };
  const judged = await analyzed(cli, file, ["--policy-pack", pack, ...options]);
  await rm(file);
  return judged;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlflow-instances-judged-"));
  pulumi = await openPulumi(
    await preparePulumi(silentReport),
    await scratchProject(folder, stack),
    join(folder, "state"),
  );
  compliant = await compliantStack();
  await configureStack(pulumi, { environment: {}, secrets: {} });
  // What was deployed before: two rules look at it.
  await pulumi.run(["stack", "import", "--stack", stack], {
    input: JSON.stringify(stateOf(stack, compliant)),
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("every rule has an edit that breaks it", () => {
  expect(allEdits.length).toBeGreaterThanOrEqual(40);
  expect(new Set(allEdits.map(({ rule }) => rule))).toEqual(new Set(rules.map(({ name }) => name)));
});

test("the unchanged stack keeps every rule", async () => {
  const judged = await judge("unchanged", compliant);
  expect(judged.verdicts, judged.output).toEqual([]);
  expect(judged.output).toBe("");
});

/** Resources that an edit changes, adds or takes away. */
function touchedBy({ apply }: Edit): Set<string> {
  const texts = (stack: readonly RawResource[]): Map<string, string> =>
    new Map(stack.map((each) => [each.name, JSON.stringify(each)]));
  const [before, after] = [texts(compliant), texts(apply(compliant))];
  return new Set(
    [...before.keys(), ...after.keys()].filter((name) => before.get(name) !== after.get(name)),
  );
}

/** Edits that touch no resource twice, each of another rule: one question for all of them. */
function batched(edits: readonly Edit[]): Edit[][] {
  const batches: { edits: Edit[]; touched: Set<string> }[] = [];
  for (const edit of edits) {
    const touched = touchedBy(edit);
    let batch = batches.find(
      (each) =>
        [...touched].every((name) => !each.touched.has(name)) &&
        each.edits.every(({ rule }) => rule !== edit.rule),
    );
    if (batch === undefined) batches.push((batch = { edits: [], touched: new Set() }));
    batch.edits.push(edit);
    for (const name of touched) batch.touched.add(name);
  }
  return batches.map((batch) => batch.edits);
}

// That an edit breaks no other rule than its own is test/fast/policies/edits.test.ts'.
test("the engine hears of every edit, and of nothing else", async () => {
  const left = batched(allEdits);
  const expected = left.map((edits) => [...new Set(edits.map(({ rule }) => rule))].sort());
  const found: string[][] = [];
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (let edits = left.shift(); edits !== undefined; edits = left.shift()) {
      const stack = edits.reduce((resources, { apply }) => [...apply(resources)], [...compliant]);
      const judged = await judge(`edits-${left.length}`, stack);
      found.push([...brokenRules(judged), ...putOff(judged).map((name) => `(put off: ${name})`)]);
    }
  };
  await Promise.all([worker(), worker()]);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${allEdits.length} edits in ${expected.length} questions and ${seconds} s`);
  const inOrder = (lists: string[][]): string[] => lists.map((list) => list.join(", ")).sort();
  expect(inOrder(found)).toEqual(inOrder(expected));
}, 900_000);

const exclusion = {
  instance: "fraud-detector",
  reason: "moves to its own store in spring",
  until: "2999-12-31",
};

test("a complete configuration is taken by the engine", async () => {
  const file = join(folder, "configuration.json");
  const complete = Object.fromEntries(
    rules.map(({ name, settings }) => [
      name,
      {
        ...(settings?.parse({}) as object),
        enforcementLevel: "mandatory",
        exclusions: [exclusion],
      },
    ]),
  );
  await writeFile(file, JSON.stringify(complete));
  const broken = allEdits.find(({ what }) => what === "no certificate")!.apply(compliant);
  const excluded = await judge("excluded", broken, ["--policy-pack-config", file]);
  expect(excluded.output).toBe("");
  expect(excluded.verdicts).toEqual([]);
});

test.each([
  [
    "a date",
    { "ingress-has-tls": { exclusions: [{ ...exclusion, until: "soon" }] } },
    "ingress-has-tls: exclusions.0.until: Does not match format 'date'",
  ],
  [
    "a missing reason",
    { "ingress-has-tls": { exclusions: [{ ...exclusion, reason: undefined }] } },
    "ingress-has-tls: exclusions.0: reason is required",
  ],
  [
    "a bound",
    { "token-expires-in-time": { maxDays: { default: 0 } } },
    "token-expires-in-time: maxDays.default: Must be greater than or equal to 1",
  ],
])("%s that is wrong is one error with its path", async (_, configuration, message) => {
  const file = join(folder, "wrong-configuration.json");
  await writeFile(file, JSON.stringify(configuration));
  const { output, verdicts } = await judge("wrong", compliant, ["--policy-pack-config", file]);
  expect(verdicts).toEqual([]);
  expect(output).toContain(message);
  expect(output.match(/^.*(ingress-has-tls|token-expires-in-time): /gm)).toHaveLength(1);
});
