import { z } from "zod";

const pattern = /^arn:(aws|aws-cn|aws-us-gov):([a-z0-9-]+):([a-z0-9-]*):([0-9]{12}|aws)?:(.+)$/;

/** An ARN of one service, whose resource begins with a given word. */
export const arn = (service: string, resource: string, example: string) => {
  const regional = service === "iam" ? "" : "eu-central-1";
  return z.string().superRefine((value, context) => {
    const parts = partsOfArn(value);
    const session = /:assumed-role\/([^/]+)\//.exec(value)?.[1];
    if (session !== undefined && resource === "role/") {
      context.addIssue({
        code: "custom",
        message: `is a session of the role ${session}; give the role's own ARN (arn:aws:iam::<account>:role/…)`,
      });
    } else if (parts?.service !== service || !parts.resource.startsWith(resource) || parts.resource === resource)
      context.addIssue({ code: "custom", message: `is not an ARN such as arn:aws:${service}:${regional}:123456789012:${example}` });
  });
};

export const kmsKeyArn = arn("kms", "key/", "key/1234abcd-12ab-34cd-56ef-1234567890ab");

export interface ArnParts {
  readonly partition: string;
  readonly service: string;
  /** Empty where a service has no regions. */
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** The parts of an ARN; undefined for anything else. */
export function partsOfArn(value: string): ArnParts | undefined {
  const [, partition, service, region, account, resource] = pattern.exec(value) ?? [];
  if (partition === undefined || service === undefined || resource === undefined) return undefined;
  return { partition, service, region: region ?? "", account: account ?? "", resource };
}
