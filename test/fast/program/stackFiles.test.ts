import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseEnvironment } from "../../../program/environment/environment.ts";
import { configOf } from "./support.ts";

const root = join(import.meta.dirname, "..", "..", "..");

test("the example of an environment uses no default provider and is right", () => {
  const { config } = parse(readFileSync(join(root, "stacks", "Pulumi.example.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  expect(config["pulumi:disable-default-providers"]).toEqual(["*"]);
  expect(parseEnvironment(configOf(config["mlflow-instances:environment"])).problems).toEqual([]);
});

test("Pulumi reads the stacks' files from stacks/ and the program without a type check", () => {
  const project = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
    name: string;
    main?: string;
    stackConfigDir: string;
    runtime: unknown;
  };
  expect(project).toMatchObject({
    name: "mlflow-instances",
    stackConfigDir: "stacks",
    runtime: { name: "nodejs", options: { typescript: false } },
  });
  // With `main` the working directory would be that folder, and the instances' files would not be
  // found.
  expect(project.main).toBeUndefined();
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { main: string };
  expect(manifest.main).toBe("program/index.ts");
});
