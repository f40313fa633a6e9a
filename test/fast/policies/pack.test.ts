import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { packs } from "../../../policies/rule.ts";
import { rules } from "../../../policies/rules.ts";
import { toPolicy } from "../../../policies/sdk/toPolicy.ts";
import { servedPack } from "./servedPack.ts";

const folder = join(import.meta.dirname, "..", "..", "..", "policies");

/** Rules lie in the folders that are named after the packs, one in a file. */
const ruleFiles = packs.flatMap((pack) =>
  readdirSync(join(folder, pack))
    .filter((file) => file.endsWith(".ts") && file !== "index.ts")
    .map((file) => join(pack, file)),
);

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const ruleOf = (file: string) => ({ pack: dirname(file), name: kebab(basename(file, ".ts")) });
const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

test("each file is a rule of that name in that pack, and each rule has its file", () => {
  expect(rules.map(({ pack, name }) => ({ pack, name })).sort(byName)).toEqual(
    ruleFiles.map(ruleOf).sort(byName),
  );
});

test("the rules stand in the order of the packs, each once", () => {
  expect([...new Set(rules.map(({ pack }) => pack))]).toEqual(packs);
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
});

test.each(ruleFiles)("%s has a spec beside its kind", (file) => {
  const spec = join(import.meta.dirname, file.replace(/\.ts$/, ".test.ts"));
  expect(existsSync(spec), relative(folder, spec)).toBe(true);
});

test("every rule leads to its own place in the docs, and says how to comply", () => {
  const root = join(folder, "..");
  for (const rule of rules) {
    const { url = "", remediationSteps = "" } = toPolicy(rule);
    const [page = "", anchor] = url.split("#");
    const text = readFileSync(join(root, page), "utf8");
    expect(text.split(`<a id="${anchor}"></a>`), url).toHaveLength(2);
    expect(anchor).toBe(rule.name);
    expect(remediationSteps, rule.name).toMatch(/^[A-Z].*[^.]\.$/);
  }
});

test("every rule says in sentences what must be so and why, and how each setting is meant", () => {
  for (const { name, demand, reason, settings } of rules) {
    for (const text of [demand, reason]) expect(text, name).toMatch(/^[A-Z].*\.$/);
    for (const [key, setting] of Object.entries(settings?.shape ?? {})) {
      const { description } = setting as { description?: string };
      expect(description, `${name}.${key}`).toMatch(/^[A-Zm].*\.$/);
      // The table takes it from the schema.
      expect(description, `${name}.${key}`).not.toMatch(/default/i);
    }
  }
});

const levels = { advisory: 0, mandatory: 1 } as Record<string, number>;

test.each([undefined, ...packs])(
  "the pack %s starts and offers its rules, those of low severity as advice",
  async (pack) => {
    const served = await servedPack(pack === undefined ? folder : join(folder, pack));
    expect(served.name).toBe(pack === undefined ? "mlflow-instances" : `mlflow-${pack}`);
    const own = rules.filter((rule) => pack === undefined || rule.pack === pack);
    for (const { name, url, remediationSteps } of served.policies)
      expect([url, remediationSteps], name).toEqual([
        `docs/policies.md#${name}`,
        own.find((rule) => rule.name === name)?.steps,
      ]);
    expect(served.policies.map(({ name, enforcementlevel }) => [name, enforcementlevel])).toEqual(
      own.map(({ name, severity }) => [
        name,
        severity === "low" ? levels["advisory"] : levels["mandatory"],
      ]),
    );
  },
);
