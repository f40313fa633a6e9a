import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

// A row of docs/hardening.md is worth what holds it: code and tests that are there.

const root = fileURLToPath(new URL("../../..", import.meta.url));
const image = "images/tracking-server";

/** `a/{b,c}.py` is `a/b.py` and `a/c.py`. */
function expanded(name: string): string[] {
  const [, before, among, after] = /^(.*)\{(.*)\}(.*)$/.exec(name) ?? [];
  return among === undefined ? [name] : among.split(",").map((one) => `${before}${one}${after}`);
}

it("names files that exist", () => {
  const rows = readFileSync(join(root, "docs/hardening.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| "));
  const missing: string[] = [];
  let found = 0;
  for (const row of rows) {
    // "`claims.ts` beside it" is in the folder of a path before it.
    const folders = ["", `${image}/src/mlflow_instance`, `${image}/tests`];
    for (const [, token] of row.matchAll(/`([\w./{},-]+\.(?:py|ts|sh))`/g)) {
      for (const name of expanded(token!)) {
        const path = folders
          .map((folder) => join(folder, name))
          .find((one) => existsSync(join(root, one)));
        if (path === undefined) missing.push(name);
        else folders.push(dirname(path));
        found += 1;
      }
    }
  }
  expect(missing).toEqual([]);
  expect(found).toBeGreaterThan(150);
});
