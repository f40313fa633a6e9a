/** One statement of a bucket policy. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Record<string, Record<string, string | readonly string[]>>;
}

/**
 * The statements of a policy document, whether it came as text or as an object; undefined for what
 * is none.
 */
export function statementsOf(policy: unknown): Statement[] | undefined {
  try {
    const document = (typeof policy === "string" ? JSON.parse(policy) : policy) as
      { Statement?: Statement | Statement[] } | undefined;
    const statements = document?.Statement;
    return statements === undefined ? undefined : [statements].flat();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  typeof value === "string" ? [value] : (value ?? []);

/** Whether every principal is meant. */
export function isEverybody(principal: unknown): boolean {
  if (principal === "*") return true;
  const accounts = (principal as { AWS?: string | readonly string[] } | undefined)?.AWS;
  return listOf(accounts).includes("*");
}

// A condition limits the principals if a caller can't choose its value; `aws:SecureTransport` or a
// header limits none.
const limitingKeys = new Set(
  [
    "PrincipalArn",
    "PrincipalAccount",
    "PrincipalOrgID",
    "PrincipalOrgPaths",
    "SourceArn",
    "SourceAccount",
    "SourceIp",
    "SourceOrgID",
    "SourceVpc",
    "SourceVpce",
    "userid",
  ].map((key) => `aws:${key}`.toLowerCase()),
);
const limitingOperator =
  /^(ForAnyValue:)?(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)$/;
const anybody = /^(\*|0\.0\.0\.0\/0|::\/0)$/;

const isLimited = ({ Condition = {} }: Statement): boolean =>
  Object.entries(Condition).some(
    ([operator, tests]) =>
      limitingOperator.test(operator) &&
      Object.entries(tests).some(
        ([key, value]) =>
          limitingKeys.has(key.toLowerCase()) && !listOf(value).some((one) => anybody.test(one)),
      ),
  );

/** Whether a statement allows something to every principal. */
export const allowsEverybody = (statement: Statement): boolean =>
  statement.Effect === "Allow" &&
  (isEverybody(statement.Principal) || statement.NotPrincipal !== undefined) &&
  !isLimited(statement);

interface Provider {
  readonly type: string;
  readonly props: Record<string, unknown>;
}

// Also an interface endpoint in a VPC, `bucket.vpce-….s3.<region>.vpce.amazonaws.com`.
const ofAws = /\.amazonaws\.com(\.cn)?$/;
const isElsewhere = (address: string): boolean =>
  address !== "" && !(URL.canParse(address) && ofAws.test(new URL(address).hostname));

/**
 * Whether a resource of the provider for AWS lies at AWS itself. Another endpoint of the provider's
 * means a store that speaks S3 only, and what such a store can do is its own matter.
 */
export function isAtAws(provider: Provider | undefined): boolean {
  const endpoints = provider?.props["endpoints"];
  // Settings of providers come as JSON text.
  const list = (
    typeof endpoints === "string" ? JSON.parse(endpoints) : (endpoints ?? [])
  ) as Record<string, string>[];
  return !list.some((services) => Object.values(services).some(isElsewhere));
}
