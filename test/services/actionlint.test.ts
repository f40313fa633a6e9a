import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { actionlint } from "./actionlint.ts";

// GitHub's workflows as their linter sees them. It is built from source where it is missing, so this
// is no fast test.

const folder = join(import.meta.dirname, "../../.github/workflows");
let scratch: string;
let copies: string;

// The first call may have to build the linter.
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "workflows-"));
  // Called workflows are looked for in the repository of the file.
  await mkdir(join(scratch, ".git"));
  copies = join(scratch, ".github/workflows");
  await cp(folder, copies, { recursive: true });
  await actionlint(["-version"]);
}, 600_000);
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe("actionlint", () => {
  it("finds nothing in the workflows", async () => {
    expect(await actionlint((await readdir(folder)).map((name) => join(folder, name)))).toEqual([]);
  });

  it.each([
    [
      "an expression that has no such property",
      "preview.yml",
      "needs.files.outputs.stacks != '[]'",
      "needs.files.outputs.stack != '[]'",
    ],
    ["a key that is none", "preview.yml", "    timeout-minutes: 15", "    timeout-minuts: 15"],
    [
      "text of a pull request in a command",
      "test.yml",
      "npm run check",
      "npm run check ${{ github.event.pull_request.title }}",
    ],
    [
      "an input that a called workflow does not have",
      "stage.yml",
      "task: summary",
      "tusk: summary",
    ],
  ])("sees %s", async (_what, name, from, to) => {
    const text = await readFile(join(folder, name), "utf8");
    expect(text).toContain(from);
    const file = join(copies, name);
    await writeFile(file, text.replace(from, to));
    const found = await actionlint([file]);
    await writeFile(file, text);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join("\n")).toContain(name);
  });
});
