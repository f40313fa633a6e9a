import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { rmSync } from "node:fs";
import { parse } from "yaml";
import {
  parseEnvironment,
  type Environment,
  type RawConfig,
} from "../../../program/environment/environment.ts";
import { secretKeys, type SecretKey } from "../../../program/values/secretKeys.ts";
import { showPath } from "../../../program/values/problems.ts";

type Plain = Record<string, unknown>;

/** A fresh copy of a fixture environment's values. */
export const fixtureValues = (fixture: "local" | "aws" = "local"): Plain =>
  parse(
    readFileSync(new URL(`../../fixtures/environments/${fixture}.yaml`, import.meta.url), "utf8"),
  ) as Plain;

/**
 * Names of the secrets that an environment of these values needs; all of them, where it can't be
 * told.
 */
export function secretsFor(values: unknown): SecretKey[] {
  const platform = (
    values as { platform?: { kind?: string; database?: { given?: object } } } | undefined
  )?.platform;
  const all = (Object.keys(secretKeys) as SecretKey[]).filter((key) => key !== "imagePullSecret");
  if (platform?.kind !== "aws") return all;
  return all.filter((key) =>
    key === "postgresqlAdminPassword"
      ? platform.database?.given !== undefined
      : key.startsWith("tls"),
  );
}

/**
 * Config with these environment values and the secrets for them; `changes` sets or (with undefined)
 * removes keys.
 */
export function configOf(
  values: unknown,
  changes: Record<string, { secret: boolean; plain?: string } | undefined> = {},
): RawConfig {
  const keys = new Map<string, { secret: boolean; plain?: string }>([
    ["environment", { secret: false, plain: JSON.stringify(values) }],
  ]);
  for (const key of secretsFor(values)) keys.set(key, { secret: true });
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) keys.delete(key);
    else keys.set(key, value);
  }
  return { stack: "local", keys };
}

// a test changes the values as it likes
export function fixtureEnvironment(
  change: (values: any) => void = () => undefined,
  fixture: "local" | "aws" = "local",
): Environment {
  const values = fixtureValues(fixture);
  change(values);
  const { environment, problems } = parseEnvironment(configOf(values));
  if (environment === undefined)
    throw new Error(
      problems.map(({ path, message }) => `${showPath(path)}: ${message}`).join("\n"),
    );
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
