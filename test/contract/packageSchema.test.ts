import { readFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
import { packageSchema, type PackageSchema } from "./support/packageSchema.ts";
import { summary } from "./support/summary.ts";
import { engineContext } from "../engine/support/context.ts";

// Holds the public surface of the component package, as the real engine sees it: a change of an
// argument's name, type, requiredness or enum is a line of packageSchema.yaml in the same pull
// request. What the schema must be like, whatever its arguments, is
// test/fast/components/schema.test.ts's.

let schema: PackageSchema;
beforeAll(async () => {
  schema = await packageSchema(engineContext().cli);
});

it("is the committed one (if the change is meant: npm run contract)", async () => {
  expect(summary(schema)).toBe(
    await readFile(new URL("packageSchema.yaml", import.meta.url), "utf8"),
  );
});

it.each<[string, (copy: any) => void, string]>([
  [
    "a new name",
    ({ arguments_ }) => ((arguments_.ownerMail = arguments_.owner), delete arguments_.owner),
    "ownerMail: string",
  ],
  ["another type", ({ arguments_ }) => (arguments_.replicas.type = "string"), "replicas: string"],
  [
    "requiredness",
    ({ resource }) => resource.requiredInputs.push("tokens"),
    "tokens: AccessToken[], required",
  ],
  [
    "an enum's value",
    ({ types }) => (types["mlflow-instances:index:Tier"].enum[0].value = "playground"),
    "Sandbox: playground",
  ],
  [
    "what may be an output",
    ({ arguments_ }) => delete arguments_.owner.plain,
    "owner: string, required, may be an output",
  ],
  [
    "a nested argument",
    ({ types }) => delete types["mlflow-instances:index:ObjectStoreSettings"].properties.region,
    "",
  ],
  ["an output", ({ resource }) => (resource.properties.url = { type: "string" }), "url: string"],
])("shows a change of %s", (_what, change, line) => {
  const copy = structuredClone(schema) as any;
  const resource = copy.resources["mlflow-instances:index:MlflowInstance"];
  change({ resource, arguments_: resource.inputProperties, types: copy.types });
  const [before, after] = [summary(schema), summary(copy as PackageSchema)];
  expect(after).not.toBe(before);
  expect(after).toContain(line);
});
