import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { readInstances } from "../../../program/instance/load.ts";
import { errorsIn, errorsOf, good } from "./instanceFiles.ts";
import { fixtureEnvironment, folderWith } from "./support.ts";

// Files that are wrong as a whole or among others, and what else lies in their folder. Single
// values are badInstance.test.ts'.

test("a folder, a tag and endless aliases in the place of an instance", () => {
  expect(errorsOf({ "shop.yaml/readme.md": "" }).join()).toBe(
    "shop.yaml: not an instance file; only <instance>.yaml belongs here",
  );
  expect(errorsIn("tier: !gold sandbox\n")).toEqual(["shop.yaml:4:7 Unresolved tag: !gold"]);
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]",
    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]",
    "d: [*c,*c,*c,*c,*c]",
  ];
  expect(errorsIn(`${bomb.join("\n")}\n`)).toEqual([
    "shop.yaml:1:1 Excessive alias count indicates a resource exhaustion attack",
  ]);
});

test("a token that has ended, or ends within 14 days, is a warning", () => {
  const root = folderWith({
    "shop.yaml": `${good}tokens:\n  ci: { role: edit, expires: 2026-11-21 }\n  soon: { role: edit, expires: 2026-12-06 }\n  later: { role: edit, expires: 2026-12-07 }\n`,
  });
  const { errors, warnings, instances } = readInstances(fixtureEnvironment(), root, {
    stack: "local",
    today: "2026-11-22",
    root,
  });
  expect([errors, instances.length]).toEqual([[], 1]);
  expect(warnings).toEqual([
    "shop.yaml:5:21 tokens.ci.expires: expired on 2026-11-21; the server refuses this token",
    "shop.yaml:6:23 tokens.soon.expires: ends on 2026-12-06; raise the token's generation, with previousValidUntil, before its clients get 401",
  ]);
});

test("whatever a file holds, there are lines of errors or a spec, and never an exception", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc
          .jsonValue()
          .map((value) =>
            stringify({ team: "fraud", owner: "a@example.com", description: "d", tokens: value }),
          ),
      ),
      (text) => {
        const root = mkdtempSync(join(tmpdir(), "stacks-"));
        writeFileSync(join(root, "shop.yaml"), text);
        const { errors, instances } = readInstances(fixtureEnvironment(), root, {
          stack: "local",
          today: "2026-11-22",
          root,
        });
        rmSync(root, { recursive: true });
        expect(instances.length + Math.min(errors.length, 1)).toBe(1);
        for (const error of errors) expect(error).toMatch(/^shop\.yaml:\d+:\d+.*./);
      },
    ),
    { numRuns: 200 },
  );
});

test("an empty file and missing keys", () => {
  expect(errorsOf({ "shop.yaml": "" })).toEqual([
    "shop.yaml:1:1: is empty; required keys: team, owner, description",
  ]);
  expect(errorsOf({ "shop.yaml": "tier: sandbox\n" })).toEqual([
    "shop.yaml:1:1 team: is missing",
    "shop.yaml:1:1 owner: is missing",
    "shop.yaml:1:1 description: is missing",
  ]);
});

test("a secret in a file is named by its key only", () => {
  const errors = errorsIn(
    "tokens:\n  ci: { role: read, expires: 2027-01-01, token: hunter2hunter2 }\npassword: hunter2hunter2\n",
  );
  expect(errors).toEqual([
    "shop.yaml:5:42 tokens.ci.token: looks like a secret in plain text; a secret is set with `pulumi config set --secret` and never written here",
    "shop.yaml:6:1 password: looks like a secret in plain text; a secret is set with `pulumi config set --secret` and never written here",
  ]);
});

test("every error of every file at once", () => {
  expect(
    errorsOf({
      "one.yaml": `${good}tier: gold\n`,
      "two.yaml": "team: fraud\n",
      "right.yaml": good,
    }),
  ).toEqual([
    'one.yaml:4:1 tier: is "gold", not one of sandbox, standard, production',
    "two.yaml:1:1 owner: is missing",
    "two.yaml:1:1 description: is missing",
  ]);
});

test("a missing folder is an error, an empty one is not, and nothing else may lie in it", () => {
  expect(errorsOf({})).toEqual([]);
  const root = folderWith({});
  expect(
    readInstances(fixtureEnvironment(), `${root}/prod`, {
      stack: "prod",
      today: "2026-11-22",
      root,
    }).errors,
  ).toEqual([
    "prod: no such folder; the instance files of stack prod are expected in it (it may be empty)",
  ]);
  expect(errorsOf({ "shop.yaml.bak": good })).toEqual([
    "shop.yaml.bak: not an instance file; only <instance>.yaml belongs here",
  ]);
});

test("without an environment, a file's own errors are still found", () => {
  const folder = folderWith({ "shop.yaml": `${good}tier: gold\n` });
  const { errors, instances } = readInstances(undefined, folder, {
    stack: "local",
    today: "2026-11-22",
    root: folder,
  });
  expect([errors, instances]).toEqual([
    ['shop.yaml:4:1 tier: is "gold", not one of sandbox, standard, production'],
    [],
  ]);
});
