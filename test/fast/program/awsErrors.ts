import { expect } from "vitest";
import { parseEnvironment } from "../../../program/environment/environment.ts";
import { showPath } from "../../../program/values/problems.ts";
import { configOf, fixtureValues } from "./support.ts";

// a test breaks the values on purpose
export type Loose = any;

/** What is wrong with the values of the fixture on AWS after a change. */
export function errorsOf(
  change: (platform: Loose, values: Loose) => void,
  keys: Parameters<typeof configOf>[1] = {},
): string[] {
  const values: Loose = fixtureValues("aws");
  change(values.platform, values);
  const { environment, problems } = parseEnvironment(configOf(values, keys));
  expect(environment === undefined).toBe(problems.length > 0);
  return problems.map(({ path, message }) =>
    `${showPath(path)}: ${message}`.replace(/^environment\.platform\./, ""),
  );
}

export const given = {
  host: "10.0.0.9",
  port: 5432,
  adminUser: "admin",
  sslMode: "verify-full",
  superuser: false,
  maxConnections: 200,
};
export const account = "arn:aws:iam::123456789012";

export type Case = [
  what: string,
  change: (platform: Loose, values: Loose) => void,
  errors: string[],
];

/** The change gives exactly these errors, and none of them shows a secret. */
export function expectErrors(change: Case[1], errors: string[]): void {
  const found = errorsOf(change);
  expect(found).toEqual(errors);
  expect(found.join()).not.toContain("hunter2-Xyzzy");
}
