import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { typed } from "../support/typed.ts";
import { fakePulumi, type Operation } from "./support/fakePulumi.ts";

// `preview` and `deploy` with a program in place of the engine: test/engine/preview.test.ts has the
// engine.

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "deploy-"));
  mkdirSync(join(root, "stacks"));
  writeFileSync(join(root, "stacks/Pulumi.dev.yaml"), "config: {}\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const clean: Operation = { events: [] };
const diagnostic = (message: string): Operation => ({
  events: [{ diagnosticEvent: { severity: "error", message, color: "never" } }],
  exitCode: 255,
});
const refused = (says: string): Operation => ({ events: [], refused: true, exitCode: 255, says });

async function run(verb: string, operations: Record<string, Operation>, ...args: string[]) {
  const cli = fakePulumi(root, operations);
  const ended = await typed(root, [verb, "dev", ...args], { env: { PATH: cli.path } });
  return {
    ...ended,
    operations: cli.calls().map(([operation]) => operation),
    withoutCheckpoints: cli.withoutCheckpoints(),
  };
}

test("a preview that is not clean changes nothing", async () => {
  const { code, notes, operations } = await run("deploy", { preview: diagnostic("boom") });
  expect({ code, operations }).toEqual({ code: 1, operations: ["preview"] });
  expect(notes).toBe("Nothing was changed: the preview of dev is not clean.\n");
});

test("a preview saves no state on the way, an update does", async () => {
  expect(await run("deploy", { preview: clean, up: clean })).toMatchObject({
    code: 0,
    operations: ["preview", "up"],
    withoutCheckpoints: ["preview"],
  });
});

test("what a failed update may have changed is taken into the state", async () => {
  const step = (op: string, name: string) => ({
    resOpFailedEvent: {
      metadata: { op, urn: `urn:pulumi:dev::p::kubernetes:apps/v1:Deployment::${name}`, type: "t" },
    },
  });
  const up = { events: [step("update", "a-server"), step("create", "b-server")], exitCode: 255 };
  const cli = fakePulumi(root, { preview: clean, up, refresh: clean });
  const { code } = await typed(root, ["deploy", "dev"], { env: { PATH: cli.path } });
  expect(code).toBe(1);
  const [verb, ...args] = cli.calls().at(-1)!;
  expect(verb).toBe("refresh");
  expect(args.filter((arg) => arg.startsWith("urn:"))).toEqual([
    "urn:pulumi:dev::p::kubernetes:apps/v1:Deployment::a-server",
  ]);
  const again = await run("deploy", { preview: clean, up, refresh: diagnostic("away") });
  expect(again.notes).toContain("run `deploy dev --refresh`");
});

test("wrong files of the stack are wrong input, as the program reports them", async () => {
  const message =
    "Wrong input for stack dev; nothing was changed:\n  stacks/Pulumi.dev.yaml:1:1 x: is missing\n";
  expect(await run("preview", { preview: diagnostic(message) })).toMatchObject({
    code: 2,
    out: expect.stringContaining("stacks/Pulumi.dev.yaml:1:1 x: is missing"),
  });
});

test.each([
  ["error: the stack is currently locked by 1 lock(s). Either wait …", 7],
  ["error: [409] Conflict: Another update is currently in progress.", 7],
  ["error: no stack named 'dev' found", 2],
  ["error: connection refused", 1],
])("an update that can't begin: %s", async (says, expected) => {
  const { code, notes } = await run("deploy", { preview: clean, up: refused(says) });
  expect(code).toBe(expected);
  expect(notes).toMatch(
    /^(pulumi failed for stack dev:\nerror: |dev: the state backend knows no)/m,
  );
});

test("preview --json - writes the report and no page; with a file it writes both", async () => {
  const { code, out } = await run("preview", { preview: clean }, "--json", "-");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    schema: "mlflow-instances/preview",
    version: 1,
    exitCode: 0,
  });
  const file = join(root, "facts.json");
  expect((await run("preview", { preview: clean }, "--json", file)).out).toMatch(
    /^# Preview of `dev`/,
  );
  expect(readFileSync(file, "utf8")).toBe(out);
});
