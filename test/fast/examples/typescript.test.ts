import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { objectStorePluginVersion } from "../../../components/internal/objectStorePlugin.ts";

// What examples/typescript has to keep for a team that copies it. That it runs is
// test/engine/examples.test.ts's.

const root = fileURLToPath(new URL("../../..", import.meta.url));
const manifest = (folder: string) =>
  JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
  };

const from = (folder: string, name: string): string =>
  realpathSync(createRequire(join(root, folder, "index.ts")).resolve(name));

it.each(["aws", "kubernetes", "postgresql", "pulumi", "random"])(
  "program and components load one copy of @pulumi/%s",
  (name) => {
    const entry = `@pulumi/${name}/package.json`;
    expect(from("examples/typescript", entry)).toBe(from("components", entry));
  },
);

it("asks for the very versions of the components, and for these", () => {
  const { "@mlflow-instances/components": components, ...others } =
    manifest("examples/typescript").dependencies;
  expect(components).toBe(manifest("components").version);
  expect(others).toEqual(manifest("components").dependencies);
});

it("finds the components where Node may run TypeScript: not below node_modules", () => {
  expect(from("examples/typescript", "@mlflow-instances/components")).toBe(
    join(root, "components", "index.ts"),
  );
});

it("pins the same providers in Python and YAML", () => {
  const { dependencies } = manifest("components");
  const python = readFileSync(join(root, "examples/python/requirements.txt"), "utf8");
  const yaml = readFileSync(join(root, "examples/yaml/Pulumi.yaml"), "utf8");
  for (const name of ["aws", "kubernetes", "postgresql", "random"]) {
    expect(python).toContain(`pulumi-${name}==${dependencies[`@pulumi/${name}`]}\n`);
    // Python's SDK is the newest; the plugin of the object store is the last that works with other
    // stores than Amazon's.
    const plugin = name === "aws" ? objectStorePluginVersion : dependencies[`@pulumi/${name}`];
    expect(yaml).toMatch(new RegExp(`type: pulumi:providers:${name}\\n[^]*?version: ${plugin} `));
  }
});
