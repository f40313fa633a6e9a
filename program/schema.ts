import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { instanceFileSchema } from "./instance/file.ts";

export const schemaFile = new URL("../stacks/instance.schema.json", import.meta.url);

/**
 * JSON Schema of an instance file, for editors: completion, descriptions and errors while typing.
 */
export const instanceJsonSchema = (): object => ({
  title: "MLflow instance",
  ...z.toJSONSchema(instanceFileSchema, { io: "input" }),
});

// Compared as data, because a formatter may lay the file out anew.
if (import.meta.main) {
  if (process.argv.includes("--write"))
    writeFileSync(schemaFile, `${JSON.stringify(instanceJsonSchema(), null, 2)}\n`);
  else if (!isDeepStrictEqual(JSON.parse(readFileSync(schemaFile, "utf8")), instanceJsonSchema())) {
    console.error("stacks/instance.schema.json is not current: npm run schema");
    process.exitCode = 1;
  }
}
