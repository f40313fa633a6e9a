import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { policyPacks } from "../../local/stack/deploy.ts";
import { stackFile } from "../../local/stack/project.ts";
import { rules } from "../../policies/rules.ts";
import { knownAtUp } from "../../policies/table.ts";
import { engineStack, type Engine } from "./support/engine.ts";
import { analyzed, brokenRules, previewed, putOff, type Judged } from "./support/judged.ts";
import { allEdits, type Edit } from "./support/rawEdits.ts";
import { compliantStack, inDays, platformProviders, stateOf, type RawResource } from "./support/rawStack.ts";

// The packs as the engine runs them. `pulumi policy analyze` is the engine without a program: it judges a stack's state, so every value is known, as at
// the end of `up`. That a preview of a program says the same is shown on one edit of each pack.

const stack = "policies";
const pack = join(import.meta.dirname, "..", "..", "policies");

let engine: Engine;
let folder: string;
let compliant: readonly RawResource[];

const cli = (cwd: string) => ({ path: engine.cli.cliPath, env: engine.pulumi.env, folder: cwd });

/** The verdict on resources as they would be after `up`. */
async function judge(name: string, resources: readonly RawResource[], options: readonly string[] = []): Promise<Judged> {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(stateOf(stack, resources)));
  const judged = await analyzed(cli(engine.pulumi.project.folder), file, ["--policy-pack", pack, ...options]);
  await rm(file);
  return judged;
}

beforeAll(async () => {
  engine = await engineStack(stack);
  folder = await mkdtemp(join(tmpdir(), "mlflow-instances-policies-"));
  compliant = await compliantStack();
  await engine.configure();
});

afterAll(async () => {
  await rm(stackFile(engine.pulumi.project), { force: true });
  await rm(join(engine.instancesFolder, ".."), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

test("a first preview of the program breaks no rule, and says what is checked at up", async () => {
  const instance = (tier: string) => `
team: bench
owner: bench@example.com
description: An instance to judge
tier: ${tier}
deletedExperimentRetention: 30d
tokens:
  ci: { role: edit, expires: ${inDays(60)} }
`;
  await engine.instance("fraud-detector", instance("standard"));
  await engine.instance("search-ranker", instance("sandbox"));
  await engine.configure();
  const judged = await previewed(cli(engine.pulumi.project.folder), join(folder, "first.events"), [
    "--stack",
    stack,
    ...policyPacks(engine.pulumi),
  ]);
  expect(brokenRules(judged), judged.output).toEqual([]);
  expect(putOff(judged)).toEqual([...knownAtUp].sort());
  for (const { message } of judged.verdicts) expect(message).toMatch(/^Not known in a preview: .*\. It is checked at `up`\.$/m);
});

test("every rule has an edit that breaks it", () => {
  expect(allEdits.length).toBeGreaterThanOrEqual(40);
  expect(new Set(allEdits.map(({ rule }) => rule))).toEqual(new Set(rules.map(({ name }) => name)));
});

test("the unchanged stack keeps every rule", async () => {
  // What was deployed before: two rules look at it.
  await engine.pulumi.run(["stack", "import", "--stack", stack], { input: JSON.stringify(stateOf(stack, compliant)) });
  const judged = await judge("unchanged", compliant);
  expect(judged.verdicts, judged.output).toEqual([]);
  expect(judged.output).toBe("");
});

test("each edit breaks exactly its rule", async () => {
  const left = [...allEdits];
  const found: string[] = [];
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (let edit = left.shift(); edit !== undefined; edit = left.shift()) {
      const judged = await judge(`edit-${left.length}`, edit.apply(compliant));
      found.push(lineOf(edit, [...brokenRules(judged), ...putOff(judged).map((name) => `(put off: ${name})`)]));
    }
  };
  await Promise.all([worker(), worker()]);
  console.log(`${allEdits.length} edits in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  expect(found.sort()).toEqual(allEdits.map((edit) => lineOf(edit, [edit.rule])).sort());
}, 900_000);

const lineOf = ({ rule, what }: Edit, broken: readonly string[]): string => `${rule}, ${what}: ${broken.join(", ")}`;

/** The raw resources of one instance, as a program of another project, on the providers of the platform. */
async function previewOfProgram(name: string, resources: readonly RawResource[], options: readonly string[] = []): Promise<Judged> {
  const program = join(folder, "raw");
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(resources));
  const { path, env } = cli(program);
  const raw = { path, env: { ...env, RAW_RESOURCES: file }, folder: program };
  return previewed(raw, join(folder, `${name}.events`), ["--stack", "raw", "--policy-pack", pack, ...options]);
}

test("a program of raw resources is judged in a preview as its state is", async () => {
  const program = join(folder, "raw");
  await cp(join(import.meta.dirname, "programs", "raw"), program, { recursive: true });
  await symlink(join(engine.pulumi.project.folder, "node_modules"), join(program, "node_modules"));
  const { path, env } = cli(program);
  execFileSync(path, ["stack", "init", "raw", "--non-interactive"], { cwd: program, env: { ...process.env, ...env } });

  const own = [...platformProviders(await engine.values()), ...compliant.filter(({ name }) => name.startsWith("fraud-detector-"))];
  const unchanged = await previewOfProgram("unchanged", own);
  expect(brokenRules(unchanged), unchanged.output).toEqual([]);
  expect(unchanged.output).toContain(`${own.length + 1} to create`);

  const chosen = ["namespace-names-owner", "bucket-has-lifecycle", "ingress-has-tls", "production-has-replicas", "database-refuses-others"];
  for (const rule of chosen) {
    const edit = allEdits.find((each) => each.rule === rule);
    if (edit === undefined) throw new Error(`no edit for ${rule}`);
    expect(brokenRules(await previewOfProgram(rule, edit.apply(own))), rule).toEqual([rule]);
  }

  const unlabelled = allEdits.find(({ what }) => what === "no level")!.apply(own);
  const level = "namespace-enforces-restricted";
  expect(brokenRules(await previewOfProgram("not-remedied", unlabelled))).toEqual([level]);
  const configuration = join(folder, "remediate.json");
  await writeFile(configuration, JSON.stringify({ [level]: "remediate" }));
  const remedied = await previewOfProgram("remedied", unlabelled, ["--policy-pack-config", configuration]);
  expect(brokenRules(remedied), remedied.output).toEqual([]);
  expect(remedied.output).toContain(`[remediate]  ${level}`);
}, 600_000);

const exclusion = { instance: "fraud-detector", reason: "moves to its own store in spring", until: "2999-12-31" };

test("a complete configuration is taken by the engine", async () => {
  const file = join(folder, "configuration.json");
  const complete = Object.fromEntries(
    rules.map(({ name, settings }) => [
      name,
      { ...(settings?.parse({}) as object), enforcementLevel: "mandatory", exclusions: [exclusion] },
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
