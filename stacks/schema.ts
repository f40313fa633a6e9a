import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { instanceFileSchema } from "./instance.ts";

const file = new URL("instance.schema.json", import.meta.url);

/** JSON Schema of an instance file, for editors: completion, descriptions and errors while typing. */
export function instanceJsonSchema(): string {
  const schema = z.toJSONSchema(instanceFileSchema, { io: "input" });
  return `${JSON.stringify({ title: "MLflow instance", ...schema }, null, 2)}\n`;
}

export const readInstanceJsonSchema = (): string => readFileSync(file, "utf8");

if (import.meta.main) {
  if (process.argv.includes("--write")) writeFileSync(file, instanceJsonSchema());
  else if (instanceJsonSchema() !== readInstanceJsonSchema()) {
    console.error("stacks/instance.schema.json is not current: node stacks/schema.ts --write");
    process.exitCode = 1;
  }
}
