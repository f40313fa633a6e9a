import { expect, test } from "vitest";
import { bucketAclIsPrivate } from "../../../../policies/security/bucketAclIsPrivate.ts";
import { bucket } from "../compliantBucket.ts";
import { changed } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, unknown, type Given } from "../support.ts";

const acl = (props: object): Given => ({
  type: "aws:s3/bucketAcl:BucketAcl",
  name: "shop-acl",
  props: { bucket: "mlflow-dev-shop", ...props },
});

resourceContract(bucketAclIsPrivate, {
  passes: {
    "no list": bucket,
    "a private one": acl({ acl: "private" }),
    "one of the log's writers": acl({ acl: "log-delivery-write" }),
  },
  breaks: changed(bucket, ["acl"], "public-read"),
  message: "acl is public-read; set it to private, or leave it out.",
  unknown: [{ given: acl({ acl: unknown }), later: ["acl"] }],
  ignores: {
    "another type": {
      ...acl({ acl: "public-read" }),
      type: "aws:s3/bucketVersioning:BucketVersioning",
    },
  },
});

test("an object", async () => {
  const given: Given = {
    type: "aws:s3/bucketObjectv2:BucketObjectv2",
    name: "shop-model",
    props: { key: "model", acl: "public-read" },
  };
  expect((await judge(bucketAclIsPrivate, given)).violations).toEqual([
    "acl is public-read; set it to private, or leave it out.",
  ]);
});

test.each(["public-read", "public-read-write", "authenticated-read"])(
  "a list of its own: %s",
  async (value) => {
    expect((await judge(bucketAclIsPrivate, acl({ acl: value }))).violations).toEqual([
      `acl is ${value}; set it to private, or leave it out.`,
    ]);
  },
);

const group = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

test("a grant to a group of everybody, in both forms", async () => {
  const message = `A grant names the group ${group}; remove it.`;
  const owner = { grantee: { id: "1", type: "CanonicalUser" }, permission: "FULL_CONTROL" };
  const grants = [owner, { grantee: { uri: group, type: "Group" }, permission: "READ" }];
  expect(
    (await judge(bucketAclIsPrivate, acl({ accessControlPolicy: { grants } }))).violations,
  ).toEqual([message]);
  expect(
    (
      await judge(
        bucketAclIsPrivate,
        changed(bucket, ["grants"], [{ uri: group, permissions: ["READ"] }]),
      )
    ).violations,
  ).toEqual([message]);
});
