import { expect, test } from "vitest";
import { noAccessKeyIsMade } from "../../../../policies/security/noAccessKeyIsMade.ts";
import { aws, otherStore } from "../compliantBucket.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown, type Given } from "../support.ts";

const accessKey: Given = {
  type: "aws:iam/accessKey:AccessKey",
  name: "shop-key",
  provider: aws,
  props: { user: "shop" },
};

resourceContract(noAccessKeyIsMade, {
  passes: {
    "a key of another store, which knows no roles": { ...accessKey, provider: otherStore },
  },
  breaks: accessKey,
  message:
    "Remove the access key of user shop; give the workload a role instead (IRSA or EKS Pod Identity).",
  unknown: [{ given: { ...accessKey, props: { user: unknown } }, later: ["user"] }],
  ignores: { "another type": { ...accessKey, type: "aws:iam/user:User" } },
});

test("an endpoint that says nothing is AWS, and one of several is enough for another store", async () => {
  const at = (endpoints: object) => ({
    ...accessKey,
    provider: { ...aws, props: { endpoints: JSON.stringify([endpoints]) } },
  });
  expect((await judge(noAccessKeyIsMade, at({ s3: "" }))).violations).toHaveLength(1);
  expect(await judge(noAccessKeyIsMade, at({ iam: "", s3: "https://s3.example.com" }))).toEqual(
    clean,
  );
});
