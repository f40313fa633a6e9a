/** Parts of an ARN, `arn:<partition>:<service>:<region>:<account>:<resource>`. */
export interface ArnParts {
  partition: string;
  service: string;
  region: string;
  account: string;
  resource: string;
}

export function arnParts(arn: string): ArnParts | undefined {
  const match = /^arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):(\d{12}|aws|):([^\s*]+)$/.exec(arn);
  if (match === null) return undefined;
  const [, partition = "", service = "", region = "", account = "", resource = ""] = match;
  return { partition, service, region, account, resource };
}

/**
 * An endpoint means another store, which knows neither roles nor parts nor regions of AWS; with
 * roles it is one of AWS in the VPC.
 */
export function isAtAws({ endpoint }: { endpoint?: string }, usesRole: boolean): boolean {
  return usesRole || endpoint === undefined;
}

/** The part of AWS that a region lies in: ARNs name it, and the others know nothing of it. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
