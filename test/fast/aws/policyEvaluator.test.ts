import { describe, expect, it } from "vitest";
import { decide, type Caller, type PolicyDocument, type Statement } from "./policyEvaluator.ts";

// Holds the evaluator itself to AWS' published evaluation logic, or what it says of our policies
// means nothing.

const account = "123456789012";
const role = `arn:aws:iam::${account}:role/app`;
const object = "arn:aws:s3:::b/dir/key";
const document = (...Statement: Statement[]): PolicyDocument => ({
  Version: "2012-10-17",
  Statement,
});
const allow = (Action: string, Resource = "*"): Statement => ({
  Effect: "Allow",
  Action,
  Resource,
});
const deny = (Action: string, Condition?: Statement["Condition"]): Statement => ({
  Effect: "Deny",
  Principal: "*",
  Action,
  Resource: "*",
  ...(Condition && { Condition }),
});
const get = { action: "s3:GetObject", resource: object };
const who = (...Statement: Statement[]): Caller => ({
  arn: role,
  policies: [document(...Statement)],
});
const plain = { account };

describe("the evaluator of policies", () => {
  it("denies what nothing allows, and takes an allowance of the caller's own account from either side", () => {
    expect(decide({ arn: role }, get, plain)).toBe("denied: nothing allows it");
    expect(decide(who(allow("s3:GetObject")), get, plain)).toBe("allowed");
    expect(
      decide({ arn: role }, get, {
        account,
        policy: document({ ...allow("s3:GetObject"), Principal: { AWS: role } }),
      }),
    ).toBe("allowed");
    const other = `arn:aws:iam::${account}:role/other`;
    expect(
      decide({ arn: other }, get, {
        account,
        policy: document({ ...allow("s3:GetObject"), Principal: { AWS: role } }),
      }),
    ).toBe("denied: nothing allows it");
  });

  it("leaves it to the account when a bucket's policy names the account", () => {
    const policy = document({
      ...allow("s3:*"),
      Principal: { AWS: `arn:aws:iam::${account}:root` },
    });
    expect(decide({ arn: role }, get, { account, policy })).toBe("denied: nothing allows it");
    expect(decide(who(allow("s3:*")), get, { account, policy })).toBe("allowed");
  });

  it("asks both sides for a caller of another account", () => {
    const foreign: Caller = {
      arn: "arn:aws:iam::210987654321:role/app",
      policies: [document(allow("s3:*"))],
    };
    const policy = document({ ...allow("s3:*"), Principal: { AWS: foreign.arn! } });
    expect(decide(foreign, get, plain)).toBe("denied: nothing allows it");
    expect(decide({ arn: foreign.arn! }, get, { account, policy })).toBe(
      "denied: nothing allows it",
    );
    expect(decide(foreign, get, { account, policy })).toBe("allowed");
  });

  it("lets an explicit deny of any side win", () => {
    expect(
      decide(
        who(allow("s3:*"), { Effect: "Deny", Action: "s3:Get*", Resource: "arn:aws:s3:::b/*" }),
        get,
        plain,
      ),
    ).toBe("denied explicitly");
    expect(decide(who(allow("s3:*")), get, { account, policy: document(deny("s3:*")) })).toBe(
      "denied explicitly",
    );
  });

  it("lets a boundary only take away", () => {
    expect(
      decide({ ...who(allow("s3:*")), boundary: document(allow("s3:PutObject")) }, get, plain),
    ).toBe("denied: nothing allows it");
    expect(decide({ arn: role, boundary: document(allow("s3:*")) }, get, plain)).toBe(
      "denied: nothing allows it",
    );
    expect(
      decide({ ...who(allow("s3:*")), boundary: document(allow("s3:GetObject")) }, get, plain),
    ).toBe("allowed");
  });

  it("knows an anonymous caller by a star only", () => {
    expect(decide({}, get, plain)).toBe("denied: nothing allows it");
    expect(
      decide({}, get, { account, policy: document({ ...allow("s3:GetObject"), Principal: "*" }) }),
    ).toBe("allowed");
    expect(
      decide({}, get, {
        account,
        policy: document({ ...allow("s3:GetObject"), Principal: { AWS: role } }),
      }),
    ).toBe("denied: nothing allows it");
  });

  it("matches actions without case and resources with it, a star over slashes", () => {
    expect(decide(who(allow("S3:getobject", "arn:aws:s3:::b/*")), get, plain)).toBe("allowed");
    expect(decide(who(allow("s3:GetObject", "arn:aws:s3:::b")), get, plain)).toBe(
      "denied: nothing allows it",
    );
    expect(decide(who(allow("s3:GetObject", "arn:aws:s3:::B/*")), get, plain)).toBe(
      "denied: nothing allows it",
    );
    expect(decide(who(allow("s3:GetObjec?", "arn:aws:s3:::?/dir/k*")), get, plain)).toBe("allowed");
    // A dot is a dot.
    expect(decide(who(allow("s3:GetObject", "arn.aws:s3:::b/*")), get, plain)).toBe(
      "denied: nothing allows it",
    );
  });

  it("takes a key that the request lacks as not fulfilling, and as fulfilling where the operator negates", () => {
    const denied = (condition: Statement["Condition"], caller: Caller = who(allow("s3:*"))) =>
      decide(caller, get, { account, policy: document(deny("s3:*", condition)) }) ===
      "denied explicitly";
    expect(denied({ StringEquals: { "aws:PrincipalTag/a": "b" } })).toBe(false);
    expect(denied({ StringNotEquals: { "aws:PrincipalTag/a": "b" } })).toBe(true);
    expect(denied({ StringNotEqualsIfExists: { "aws:PrincipalTag/a": "b" } })).toBe(true);
    expect(denied({ StringNotEquals: { "aws:PrincipalArn": [role, "other"] } })).toBe(false);
    expect(denied({ StringNotEquals: { "aws:PrincipalArn": ["other"] } })).toBe(true);
    // An anonymous caller has no ARN.
    expect(denied({ StringNotEquals: { "aws:PrincipalArn": [role] } }, {})).toBe(true);
    expect(denied({ ArnNotLike: { "aws:PrincipalArn": `arn:aws:iam::${account}:role/*` } })).toBe(
      false,
    );
    expect(denied({ Bool: { "aws:SecureTransport": "false" } })).toBe(false);
    // All operators and keys of one condition have to hold.
    expect(
      denied({
        StringNotEquals: { "aws:PrincipalArn": "other" },
        Bool: { "aws:SecureTransport": "false" },
      }),
    ).toBe(false);
  });

  it("refuses what it doesn't know instead of guessing", () => {
    const policy = (statement: object) => ({
      account,
      policy: document({ ...deny("s3:*"), ...statement }),
    });
    expect(() =>
      decide(
        { arn: role },
        get,
        policy({ Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } }),
      ),
    ).toThrow(/IpAddress/);
    expect(() => decide({ arn: role }, get, policy({ NotPrincipal: { AWS: role } }))).toThrow(
      /NotPrincipal/,
    );
    expect(() => decide(who(allow("s3:*", "arn:aws:s3:::${aws:username}/*")), get, plain)).toThrow(
      /variables/,
    );
  });
});
