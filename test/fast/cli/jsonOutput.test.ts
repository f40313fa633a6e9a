import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { repository } from "./changes/support/repository.ts";
import { ofFixtures } from "./support/project.ts";
import { typed } from "./support/typed.ts";

let repo: ReturnType<typeof repository>;
let root: string;
beforeAll(() => {
  repo = repository(ofFixtures());
  root = repo.root;
});
afterAll(() => repo.remove());

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "json-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "facts.json");
}

test.each(["stacks", "policies"])(
  "%s --json -, and --json alone, write JSON only",
  async (verb) => {
    const { code, out, notes } = await typed(root, [verb, "--json", "-"]);
    expect({ code, notes }).toEqual({ code: 0, notes: "" });
    expect(JSON.parse(out)).not.toHaveLength(0);
    expect((await typed(root, [verb, "--json"])).out).toBe(out);
  },
);

test.each(["stacks", "policies"])("%s --json <file> writes there, too", async (verb) => {
  const file = scratch();
  const { out } = await typed(root, [verb, "--json", file]);
  expect(out).toBe((await typed(root, [verb])).out);
  expect(readFileSync(file, "utf8")).toBe((await typed(root, [verb, "--json", "-"])).out);
});

test("a file that can't be written is wrong input", async () => {
  const { code, notes } = await typed(root, ["stacks", "--json", "/nowhere/facts.json"]);
  expect({ code, notes }).toEqual({
    code: 2,
    notes: expect.stringMatching(/^\/nowhere\/facts\.json: can't be written: ENOENT/),
  });
});
