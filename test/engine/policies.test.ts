import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { policyPacks } from "../../local/stack/deploy.ts";
import { knownAtUp } from "../../policies/table.ts";
import { engineStack, type Engine } from "./support/engine.ts";
import { brokenRules, previewed, putOff, type Judged } from "./support/judged.ts";
import { allEdits } from "../support/rawEdits.ts";
import { dayIn } from "../support/dates.ts";
import { compliantStack, platformProviders, type RawResource } from "../support/rawStack.ts";

// The packs in a preview of a program: of ours, and of one with raw resources, where one edit of
// each pack breaks the same rule as in a state. All rules and edits are test/judged's.

const stack = "policies";
const pack = join(import.meta.dirname, "..", "..", "policies");

let engine: Engine;
let folder: string;
let compliant: readonly RawResource[];

const cli = (cwd: string) => ({ path: engine.cli.cliPath, env: engine.pulumi.env, folder: cwd });

beforeAll(async () => {
  engine = await engineStack(stack);
  folder = await mkdtemp(join(tmpdir(), "mlflow-instances-policies-"));
  compliant = await compliantStack();
  await engine.configure();
});

afterAll(async () => {
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
  ci: { role: edit, expires: ${dayIn(60)} }
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
  for (const { message } of judged.verdicts)
    expect(message).toMatch(/^Not known in a preview: .*\. It is checked at `up`\.$/m);
});

/**
 * The raw resources of one instance, as a program of another project, on the providers of the
 * platform.
 */
async function previewOfProgram(
  name: string,
  resources: readonly RawResource[],
  options: readonly string[] = [],
): Promise<Judged> {
  const program = join(folder, "raw");
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(resources));
  const { path, env } = cli(program);
  const raw = { path, env: { ...env, RAW_RESOURCES: file }, folder: program };
  return previewed(raw, join(folder, `${name}.events`), [
    "--stack",
    "raw",
    "--policy-pack",
    pack,
    ...options,
  ]);
}

test("a program of raw resources is judged in a preview as its state is", async () => {
  const program = join(folder, "raw");
  await cp(join(import.meta.dirname, "programs", "raw"), program, { recursive: true });
  await symlink(join(engine.pulumi.project.folder, "node_modules"), join(program, "node_modules"));
  const { path, env } = cli(program);
  execFileSync(path, ["stack", "init", "raw", "--non-interactive"], {
    cwd: program,
    env: { ...process.env, ...env },
  });

  const own = [
    ...platformProviders(await engine.values()),
    ...compliant.filter(({ name }) => name.startsWith("fraud-detector-")),
  ];
  const unchanged = await previewOfProgram("unchanged", own);
  expect(brokenRules(unchanged), unchanged.output).toEqual([]);
  expect(unchanged.output).toContain(`${own.length + 1} to create`);

  const chosen = [
    "namespace-names-owner",
    "bucket-has-lifecycle",
    "ingress-has-tls",
    "production-has-replicas",
    "database-refuses-others",
  ];
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
  const remedied = await previewOfProgram("remedied", unlabelled, [
    "--policy-pack-config",
    configuration,
  ]);
  expect(brokenRules(remedied), remedied.output).toEqual([]);
  expect(remedied.output).toContain(`[remediate]  ${level}`);
}, 600_000);
