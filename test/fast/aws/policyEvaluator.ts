/**
 * What AWS answers to a request, worked out from the policies: the published evaluation logic of
 * one account's identity policies, permissions boundary and the bucket's policy, for the elements
 * that this project writes. Anything else in a document is an error here, never a guess.
 */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: "*" | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >;
}

export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

export interface Caller {
  /**
   * ARN of the role (of its sessions, too: that is what aws:PrincipalArn holds); none for an
   * anonymous request.
   */
  readonly arn?: string | undefined;
  readonly policies?: readonly PolicyDocument[] | undefined;
  /** What the role may do at most. */
  readonly boundary?: PolicyDocument | undefined;
}

export interface Request {
  readonly action: string;
  readonly resource: string;
  /** Default: https. */
  readonly secure?: boolean;
  /** Further keys that conditions may name. */
  readonly context?: Readonly<Record<string, string>>;
}

export interface Resource {
  /** Account that the bucket is in. */
  readonly account: string;
  readonly policy?: PolicyDocument;
}

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** `*` and `?` as IAM knows them: over any character, a slash included. */
function matches(pattern: string, text: string): boolean {
  if (pattern.includes("${"))
    throw new Error(`policy variables are not evaluated here: ${pattern}`);
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}

type Operator = (value: string, wanted: string) => boolean;

/**
 * The second is true for an operator that negates: a key that the request lacks then fulfils it.
 */
const operators: Record<string, readonly [Operator, boolean]> = {
  StringEquals: [(value, wanted) => value === wanted, false],
  StringNotEquals: [(value, wanted) => value === wanted, true],
  StringLike: [(value, wanted) => matches(wanted, value), false],
  StringNotLike: [(value, wanted) => matches(wanted, value), true],
  ArnEquals: [(value, wanted) => matches(wanted, value), false],
  ArnLike: [(value, wanted) => matches(wanted, value), false],
  ArnNotEquals: [(value, wanted) => matches(wanted, value), true],
  ArnNotLike: [(value, wanted) => matches(wanted, value), true],
  Bool: [(value, wanted) => value.toLowerCase() === wanted.toLowerCase(), false],
};

function conditionHolds(
  condition: Statement["Condition"],
  context: Readonly<Record<string, string>>,
): boolean {
  const lowered = new Map(
    Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]),
  );
  return Object.entries(condition ?? {}).every(([name, keys]) => {
    const ifExists = name.endsWith("IfExists");
    const operator = operators[ifExists ? name.slice(0, -"IfExists".length) : name];
    if (operator === undefined) throw new Error(`condition operator ${name} is not evaluated here`);
    const [test, negates] = operator;
    return Object.entries(keys).every(([key, wanted]) => {
      const value = lowered.get(key.toLowerCase());
      if (value === undefined) return ifExists || negates;
      const found = list(wanted).some((each) => test(value, each));
      return negates ? !found : found;
    });
  });
}

function isAbout(
  statement: Statement,
  request: Request,
  context: Readonly<Record<string, string>>,
): boolean {
  for (const key of Object.keys(statement)) {
    if (!["Sid", "Effect", "Principal", "Action", "Resource", "Condition"].includes(key))
      throw new Error(`${key} is not evaluated here`);
  }
  return (
    list(statement.Action).some((pattern) =>
      matches(pattern.toLowerCase(), request.action.toLowerCase()),
    ) &&
    list(statement.Resource).some((pattern) => matches(pattern, request.resource)) &&
    conditionHolds(statement.Condition, context)
  );
}

const accountOf = (arn: string): string => arn.split(":")[4] ?? "";

/**
 * How a statement of a resource's policy names the caller: not at all, by its account only (which
 * leaves it to that account), or itself.
 */
function named({ Principal }: Statement, caller: Caller): "no" | "account" | "itself" {
  if (Principal === undefined) throw new Error("a statement of a bucket's policy has no principal");
  const principals = Principal === "*" ? ["*"] : list(Principal["AWS"]);
  if (principals.includes("*")) return "itself";
  if (caller.arn === undefined) return "no";
  if (principals.includes(caller.arn)) return "itself";
  const account = accountOf(caller.arn);
  return principals.includes(account) || principals.includes(`arn:aws:iam::${account}:root`)
    ? "account"
    : "no";
}

export type Decision = "allowed" | "denied explicitly" | "denied: nothing allows it";

export function decide(caller: Caller, request: Request, { account, policy }: Resource): Decision {
  const context = {
    "aws:SecureTransport": String(request.secure ?? true),
    ...(caller.arn === undefined
      ? {}
      : { "aws:PrincipalArn": caller.arn, "aws:PrincipalAccount": accountOf(caller.arn) }),
    ...request.context,
  };
  const about = (statement: Statement): boolean => isAbout(statement, request, context);
  const identity = (caller.policies ?? []).flatMap(({ Statement }) => Statement).filter(about);
  const boundary = caller.boundary?.Statement.filter(about);
  const ofResource = (policy?.Statement ?? [])
    .filter((statement) => named(statement, caller) !== "no")
    .filter(about);

  const all = [...identity, ...(boundary ?? []), ...ofResource];
  if (all.some(({ Effect }) => Effect === "Deny")) return "denied explicitly";
  const allows = (statements: readonly Statement[]): boolean =>
    statements.some(({ Effect }) => Effect === "Allow");
  const byIdentity = allows(identity) && (boundary === undefined || allows(boundary));
  const byName = allows(ofResource.filter((statement) => named(statement, caller) === "itself"));
  const sameAccount = caller.arn !== undefined && accountOf(caller.arn) === account;
  // In the bucket's own account either side is enough; from another one both have to allow.
  const allowed = sameAccount
    ? byIdentity || byName
    : caller.arn === undefined
      ? byName
      : byIdentity && allows(ofResource);
  return allowed ? "allowed" : "denied: nothing allows it";
}
