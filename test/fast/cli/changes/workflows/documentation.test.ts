import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { problemsInLine, root } from "./support/commands.ts";

const text = readFileSync(join(root, "docs/continuous-delivery.md"), "utf8");
const lines = text
  .split("\n")
  .filter((line) => line.startsWith("npx mlflow-instances "))
  .map((line) => line.split(" #")[0]!.replaceAll(/ +/g, " ").trim());

it("has a line for each command", () => {
  expect(lines.map((line) => line.split(" ")[2])).toEqual(
    expect.arrayContaining([
      "stacks",
      "preview",
      "comment",
      "deploy",
      "drift",
      "review-environment",
      "setup-ci",
    ]),
  );
});

it.each(lines)("`%s` is understood", async (line) => {
  expect(await problemsInLine(line, () => false)).toEqual([]);
});
