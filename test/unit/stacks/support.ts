import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { rmSync } from "node:fs";
import { parse } from "yaml";
import { parseEnvironment, secretKeys, type Environment, type RawConfig } from "../../../stacks/environment.ts";
import { showPath } from "../../../stacks/problems.ts";

type Plain = Record<string, unknown>;

/** A fresh copy of the fixture environment's values. */
export const fixtureValues = (): Plain =>
  parse(readFileSync(new URL("../../fixtures/environments/local.yaml", import.meta.url), "utf8")) as Plain;

/** Config with these environment values and all secrets set; `changes` sets or (with undefined) removes keys. */
export function configOf(values: unknown, changes: Record<string, { secret: boolean; plain?: string } | undefined> = {}): RawConfig {
  const keys = new Map<string, { secret: boolean; plain?: string }>([["environment", { secret: false, plain: JSON.stringify(values) }]]);
  for (const key of Object.keys(secretKeys)) keys.set(key, { secret: true });
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) keys.delete(key);
    else keys.set(key, value);
  }
  return { stack: "local", keys };
}

export function fixtureEnvironment(change: (values: any) => void = () => undefined): Environment {
  const values = fixtureValues();
  change(values);
  const { environment, problems } = parseEnvironment(configOf(values));
  if (environment === undefined) throw new Error(problems.map(({ path, message }) => `${showPath(path)}: ${message}`).join("\n"));
  return environment;
}

/** A temporary folder with these files, which goes with the test. */
export function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "stacks-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
