import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { instanceFileSchema } from "./instance/file.ts";
import { instanceReference } from "./instance/reference.ts";
import { rolloutJsonSchema } from "./environment/rolloutSchema.ts";
import { stackFileJsonSchema } from "./stackFileSchema.ts";

/**
 * JSON Schema of an instance file, for editors: completion, descriptions and errors while typing.
 */
export const instanceJsonSchema = (): object => ({
  title: "MLflow instance",
  ...z.toJSONSchema(instanceFileSchema, { io: "input" }),
});

/** The schemas for editors, by their file in stacks/. */
export const schemaFiles = {
  "instance.schema.json": instanceJsonSchema,
  "stack.schema.json": stackFileJsonSchema,
  "rollout.schema.json": rolloutJsonSchema,
} as const;

export const schemaFile = (name: keyof typeof schemaFiles): URL =>
  new URL(`../stacks/${name}`, import.meta.url);

const reference = new URL("../docs/instance-file.md", import.meta.url);

if (import.meta.main) {
  const page = instanceReference(instanceJsonSchema());
  if (process.argv.includes("--write")) writeFileSync(reference, page);
  else if (readFileSync(reference, "utf8") !== page) {
    console.error("docs/instance-file.md is not current: npm run schema");
    process.exitCode = 1;
  }
  for (const name of Object.keys(schemaFiles) as (keyof typeof schemaFiles)[]) {
    const [file, schema] = [schemaFile(name), schemaFiles[name]()];
    if (process.argv.includes("--write"))
      writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
    // Compared as data, because a formatter may lay the file out anew.
    else if (!isDeepStrictEqual(JSON.parse(readFileSync(file, "utf8")), schema)) {
      console.error(`stacks/${name} is not current: npm run schema`);
      process.exitCode = 1;
    }
  }
}
