import { join } from "node:path";
import { expect, test } from "vitest";
import { replace, writeNew } from "../../../cli/writeNew.ts";
import { project } from "./support/project.ts";

test("a file that came into being in the meantime is left as it is", () => {
  const { root, read } = project({ "stacks/Pulumi.eu.yaml": "config: {}\n" });
  expect(() => writeNew(root, join(root, "stacks/Pulumi.eu.yaml"), "new")).toThrow(
    "stacks/Pulumi.eu.yaml is there already; nothing was written.",
  );
  expect(read("stacks/Pulumi.eu.yaml")).toBe("config: {}\n");
});

test("a file is replaced whole, and nothing is left beside it", () => {
  const { root, read, files } = project({ "stacks/a.yaml": "a long text that was there before\n" });
  replace(join(root, "stacks/a.yaml"), "b\n");
  expect(read("stacks/a.yaml")).toBe("b\n");
  expect(files()).toEqual(["stacks/a.yaml"]);
});
