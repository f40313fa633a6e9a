import { z } from "zod";
import { pullRequestOf } from "../values/pullRequest.ts";
import { strict } from "../values/problems.ts";
import { show } from "../values/wrongValue.ts";

const stack = z
  .string()
  .min(1)
  .refine((name) => pullRequestOf(name) === undefined, {
    error: ({ input }) =>
      `is ${show(input)}, a review environment, which belongs to no stage; remove it`,
  })
  .describe("A stack with a file Pulumi.<stack>.yaml in this folder.");

const stage = strict({
  stacks: z
    .array(stack)
    .min(1, { error: "is empty; name a stack, or remove the stage" })
    .describe("They are deployed at once."),
  approval: z
    .boolean()
    .default(false)
    .describe(
      "Whether a person has to agree to each deployment, with its preview. Default: false.",
    ),
});

export type Stage = z.output<typeof stage>;

export const rolloutSchema = strict({
  stages: z.array(stage).describe("One is deployed after the other; a failure ends the rollout."),
});

/** JSON Schema of `stacks/rollout.yaml`, for editors. */
export const rolloutJsonSchema = (): object => ({
  title: "Order of the environments",
  ...z.toJSONSchema(rolloutSchema, { io: "input" }),
});
