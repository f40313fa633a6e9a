import { arnParts } from "@mlflow-instances/components/internal";
import { z } from "zod";
import { show } from "../../values/wrongValue.ts";

// An ARN is long and no secret.
const shown = (value: string): string =>
  value.startsWith("arn:") ? JSON.stringify(value) : show(value);

/** An ARN of one service, whose resource begins with a given word. */
export const arn = (service: string, resource: string, example: string) => {
  const regional = service === "iam" ? "" : "eu-central-1";
  return z.string().superRefine((value, context) => {
    const parts = arnParts(value);
    const session = /:assumed-role\/([^/]+)\//.exec(value)?.[1];
    if (session !== undefined && resource === "role/") {
      context.addIssue({
        code: "custom",
        message: `is a session of the role ${session}; give the role's own ARN (arn:aws:iam::<account>:role/…)`,
      });
    } else if (
      parts?.service !== service ||
      !parts.resource.startsWith(resource) ||
      parts.resource === resource
    )
      context.addIssue({
        code: "custom",
        message: `is ${shown(value)}; expected an ARN such as arn:aws:${service}:${regional}:123456789012:${example}`,
      });
  });
};

export const kmsKeyArn = arn("kms", "key/", "key/1234abcd-12ab-34cd-56ef-1234567890ab");
