import { expect, test } from "vitest";
import { bucketPolicyNamesPrincipals } from "../../../../policies/security/bucketPolicyNamesPrincipals.ts";
import { bucketPolicy, bucketPolicyOf, statements } from "../compliantBucket.ts";
import { changed } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const open = (more: object = {}) =>
  bucketPolicyOf([
    { Sid: "Open", Effect: "Allow", Principal: "*", Action: "s3:GetObject", ...more },
  ]);
const message =
  "The statement Open of policy allows every principal; name the principals (Principal.AWS), or limit it with a Condition on the identity or the source.";

resourceContract(bucketPolicyNamesPrincipals, {
  passes: {
    "named principals, and a refusal for everybody": bucketPolicy,
    "everybody from one network": open({
      Condition: { StringEquals: { "aws:SourceVpce": "vpce-1" } },
    }),
    "one statement outside a list": changed(
      bucketPolicy,
      ["policy"],
      JSON.stringify({ Statement: statements.instance }),
    ),
  },
  breaks: open(),
  message,
  unknown: [{ given: changed(bucketPolicy, ["policy"], unknown), later: ["policy"] }],
  ignores: { "another type": { ...open(), type: "aws:s3/bucket:Bucket" } },
});

test.each([{ AWS: "*" }, { AWS: ["arn:aws:iam::1:root", "*"] }])(
  "%o is everybody",
  async (Principal) => {
    expect((await judge(bucketPolicyNamesPrincipals, open({ Principal }))).violations).toEqual([
      message,
    ]);
  },
);

test.each([
  [{ Bool: { "aws:SecureTransport": "true" } }],
  [{ StringLike: { "aws:Referer": "https://example.com/*" } }],
  [{ IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/0"] } }],
  [{ StringNotEquals: { "aws:SourceVpce": "vpce-1" } }],
])("the condition %j limits nobody", async (Condition) => {
  expect((await judge(bucketPolicyNamesPrincipals, open({ Condition }))).violations).toEqual([
    message,
  ]);
});

test("everybody but one is everybody", async () => {
  const given = open({ Principal: undefined, NotPrincipal: { AWS: "arn:aws:iam::1:root" } });
  expect((await judge(bucketPolicyNamesPrincipals, given)).violations).toEqual([message]);
});

test("a statement without a name is told by its place", async () => {
  const { violations } = await judge(bucketPolicyNamesPrincipals, open({ Sid: undefined }));
  expect(violations).toEqual([message.replace("Open", "0")]);
});

test.each(["", "no document", "{}"])('"%s" is refused, without a word of it', async (policy) => {
  expect(
    await judge(bucketPolicyNamesPrincipals, changed(bucketPolicy, ["policy"], policy)),
  ).toEqual({
    ...clean,
    violations: ["policy is no policy document: JSON with a Statement."],
  });
});
