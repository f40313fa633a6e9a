import { z } from "zod";
import { project } from "./environment/stackFile.ts";
import { environmentSchema, type plainKeys } from "./environment/environment.ts";
import { secretKeys } from "./values/secretKeys.ts";

const own = (key: string): string => `${project}:${key}`;

const plain: Record<(typeof plainKeys)[number], object> = {
  environment: z.toJSONSchema(environmentSchema, { io: "input" }),
  instancesFolder: {
    type: "string",
    description: "Folder of the instances' files. Default: stacks/instances/<stack>.",
  },
  cluster: {
    type: "string",
    description:
      "UID of the namespace kube-system of another cluster than the last update's, which this stack may move to.",
  },
};

const secrets = Object.entries(secretKeys).map(([key, meaning]): [string, object] => [
  own(key),
  {
    type: "object",
    description: `${meaning}; \`pulumi config set --secret ${key}\` writes it.`,
    properties: { secure: { type: "string" } },
    required: ["secure"],
    additionalProperties: false,
  },
]);

const config = {
  "pulumi:disable-default-providers": {
    const: ["*"],
    description:
      "No resource may fall back to whatever cluster or account the shell happens to point to.",
  },
  ...Object.fromEntries(Object.entries(plain).map(([key, schema]) => [own(key), schema])),
  ...Object.fromEntries(secrets),
};

/** JSON Schema of a stack file, `stacks/Pulumi.<stack>.yaml`, for editors. */
export const stackFileJsonSchema = (): object => ({
  title: "Environment of MLflow instances",
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["config"],
  // Beside the config the engine keeps its own values: which secrets provider, which key.
  properties: {
    config: {
      type: "object",
      description: "Config of the stack; the secrets in it are encrypted.",
      properties: config,
      required: [own("environment")],
      // Other keys are other programs' and providers'; of this program's, all are known.
      propertyNames: {
        anyOf: [{ enum: Object.keys(config) }, { type: "string", pattern: `^(?!${project}:)` }],
      },
    },
  },
});
