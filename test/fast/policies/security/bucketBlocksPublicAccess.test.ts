import { expect, test } from "vitest";
import { bucketBlocksPublicAccess } from "../../../../policies/security/bucketBlocksPublicAccess.ts";
import { aws, bucket, bucketAt, publicAccessBlock, otherStore } from "../compliantBucket.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { clean, judgeStack, unknown } from "../support.ts";

const message =
  "urn:1: The bucket of instance shop has no public access block; add a BucketPublicAccessBlock (platform.objectStore.features.publicAccessBlock: true of the environment).";

stackContract(bucketBlocksPublicAccess, {
  passes: {
    "a bucket at AWS with one": [namespace(), bucket, publicAccessBlock],
    "a bucket of another store without": [namespace(), bucketAt(otherStore)],
  },
  breaks: [namespace(), bucketAt(aws)],
  message,
  unknown: [
    {
      given: [namespace(), bucket, changed(publicAccessBlock, ["bucket"], unknown)],
      later: ["bucket"],
    },
    { given: [namespace(), changed(bucket, ["bucket"], unknown)], later: ["bucket"] },
  ],
  ignores: {
    "a bucket of no instance": [{ ...bucket, name: "other", props: { bucket: "other" } }],
  },
});

test("another bucket's does not count", async () => {
  const other = changed(
    { ...publicAccessBlock, name: "shop-other" },
    ["bucket"],
    "mlflow-dev-other",
  );
  expect(
    (await judgeStack(bucketBlocksPublicAccess, [namespace(), bucket, other])).violations,
  ).toEqual([message]);
});

test("a store that can is asked for it by configuration", async () => {
  const config = { otherStores: { environments: { dev: true } } };
  const given = [namespace(), bucketAt(otherStore)];
  expect((await judgeStack(bucketBlocksPublicAccess, given, { config })).violations).toEqual([
    message,
  ]);
  expect(
    await judgeStack(bucketBlocksPublicAccess, [...given, publicAccessBlock], { config }),
  ).toEqual(clean);
});
