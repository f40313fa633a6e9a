import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { schemaFile } from "../../../program/schema.ts";
import { stackFileJsonSchema } from "../../../program/stackFileSchema.ts";
import { fixtureRoot } from "../../support/fixtureStacks.ts";

// What an editor says of a stack file while it is written.

const validate = new Ajv2020({ strictTypes: false, validateFormats: false }).compile(
  stackFileJsonSchema(),
);
const errorsOf = (file: object) => (validate(file) ? [] : validate.errors);
const example = (): { config: Record<string, any> } =>
  parse(
    readFileSync(join(import.meta.dirname, "../../../stacks/Pulumi.example.yaml"), "utf8"),
  ) as never;
const environment = "mlflow-instances:environment";

test("the schema beside the files is current", () => {
  const written: unknown = JSON.parse(readFileSync(schemaFile("stack.schema.json"), "utf8"));
  expect(written, "npm run schema").toEqual(stackFileJsonSchema());
});

test("a stack file is right, with what the engine keeps in it", () => {
  expect(errorsOf(example())).toEqual([]);
  const whole = example();
  whole.config["mlflow-instances:artifactStoreKeys"] = { secure: "v1:abc" };
  whole.config["aws:region"] = "eu-central-1";
  expect(errorsOf({ ...whole, encryptionsalt: "v1:abc", secretsprovider: "passphrase" })).toEqual(
    [],
  );
});

describe("wrong is", () => {
  test.each<[string, (config: Record<string, any>) => void]>([
    [
      "a key that the program doesn't know",
      (config) => (config["mlflow-instances:enviroment"] = 1),
    ],
    ["a secret in plain text", (config) => (config["mlflow-instances:tlsPrivateKey"] = "PEM")],
    ["an environment without a platform", (config) => delete config[environment].platform],
    ["a kind that there isn't", (config) => (config[environment].platform.kind = "gke")],
    ["a default provider", (config) => (config["pulumi:disable-default-providers"] = [])],
    [
      "a mistyped value deep inside",
      (config) => (config[environment].platform.postgresql.prot = 1),
    ],
  ])("%s", (_, change) => {
    const file = example();
    change(file.config);
    expect(errorsOf(file)).not.toEqual([]);
  });
});

test("two databases at once are wrong, and one is right", () => {
  const files = (database: object) => {
    const { config } = parse(
      readFileSync(join(fixtureRoot, "stacks", "Pulumi.dev.yaml"), "utf8"),
    ) as { config: Record<string, any> };
    config[environment].platform.database = {
      ...config[environment].platform.database,
      ...database,
    };
    return errorsOf({ config });
  };
  expect(files({})).toEqual([]);
  const given = { host: "10.0.0.1", adminUser: "a", maxConnections: 100 };
  expect(files({ given })).not.toEqual([]);
});
