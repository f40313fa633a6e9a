import { expect, test } from "vitest";
import { bucketPolicyRefusesPlainHttp } from "../../../../policies/security/bucketPolicyRefusesPlainHttp.ts";
import { bucketPolicy, bucketPolicyOf, otherStore, statements } from "../compliantBucket.ts";
import { changed } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const { instance, plainHttp } = statements;
const saying = (instead: string) =>
  `policy has no statement with Effect Deny, Principal "*", Action "s3:*", the bucket and its objects as Resource and the Condition { Bool: { "aws:SecureTransport": "false" } }; ${instead}.`;
const message = saying("add one");

resourceContract(bucketPolicyRefusesPlainHttp, {
  passes: {
    "a refusal of plain HTTP": bucketPolicy,
    "one for everything": bucketPolicyOf([
      { ...plainHttp, Action: "*", Resource: "*", Principal: { AWS: "*" } },
    ]),
    "what is no document, of which another rule speaks": changed(bucketPolicy, ["policy"], "none"),
  },
  breaks: bucketPolicyOf([instance]),
  message,
  unknown: [{ given: changed(bucketPolicy, ["policy"], unknown), later: ["policy"] }],
  ignores: { "another type": { ...bucketPolicyOf([instance]), type: "aws:s3/bucket:Bucket" } },
});

const { Condition, ...unconditional } = plainHttp;

test.each([
  ["of reads only", { ...plainHttp, Action: ["s3:GetObject"] }],
  ["of the objects only", { ...plainHttp, Resource: [plainHttp.Resource[1]] }],
  ["of the bucket only", { ...plainHttp, Resource: plainHttp.Resource[0] }],
  ["for one user", { ...plainHttp, Principal: { AWS: "arn:aws:iam::1:user/a" } }],
  ["that allows", { ...plainHttp, Effect: "Allow" }],
  [
    "with the wrong value",
    { ...plainHttp, Condition: { Bool: { "aws:SecureTransport": "true" } } },
  ],
  [
    "of one network's requests",
    { ...plainHttp, Condition: { ...Condition, IpAddress: { "aws:SourceIp": "192.0.2.0/24" } } },
  ],
  [
    "with a second test",
    { ...plainHttp, Condition: { Bool: { ...Condition.Bool, "aws:ViaAWSService": "false" } } },
  ],
  ["without a condition", unconditional],
])("a refusal %s does not count", async (_, statement) => {
  expect(
    (await judge(bucketPolicyRefusesPlainHttp, bucketPolicyOf([instance, statement]))).violations,
  ).toEqual([message]);
});

test("another store's policies need it unless the configuration says that it knows no conditions", async () => {
  const given = bucketPolicyOf([instance], otherStore);
  expect((await judge(bucketPolicyRefusesPlainHttp, given)).violations).toEqual([
    saying(
      "add one (platform.objectStore.features.policyConditions: true of the environment), or set otherStores of this rule to false where the store knows no conditions",
    ),
  ]);
  const config = { otherStores: { environments: { dev: false } } };
  expect(await judge(bucketPolicyRefusesPlainHttp, given, { config })).toEqual(clean);
  expect(
    (await judge(bucketPolicyRefusesPlainHttp, bucketPolicyOf([instance]), { config })).violations,
  ).toEqual([message]);
});
