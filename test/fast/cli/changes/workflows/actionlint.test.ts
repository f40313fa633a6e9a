import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { actionlint } from "../../../../support/actionlint.ts";
import { root } from "./support/commands.ts";

const folder = join(root, ".github/workflows");
let scratch: string;

// The first call may have to build the linter.
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "workflows-"));
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
      "needs.check.outputs.stacks != '[]'",
      "needs.check.outputs.stack != '[]'",
    ],
    ["a key that is none", "    timeout-minutes: 15", "    timeout-minuts: 15"],
    [
      "text of a pull request in a command",
      "npm run check",
      "npm run check ${{ github.event.pull_request.title }}",
    ],
  ])("sees %s", async (_what, from, to) => {
    const text = await readFile(join(folder, "preview.yml"), "utf8");
    expect(text).toContain(from);
    const file = join(scratch, "preview.yml");
    await writeFile(file, text.replace(from, to));
    expect(await actionlint([file])).toHaveLength(1);
  });
});
