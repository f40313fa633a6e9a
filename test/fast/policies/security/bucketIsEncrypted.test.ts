import { expect, test } from "vitest";
import { bucketIsEncrypted } from "../../../../policies/security/bucketIsEncrypted.ts";
import { aws, bucket, bucketAt, encryption, otherStore } from "../compliantBucket.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { clean, judgeStack, unknown } from "../support.ts";

const message =
  "urn:1: The bucket of instance shop has no default encryption; add a BucketServerSideEncryptionConfiguration (platform.objectStore.features.encryption: true of the environment).";

stackContract(bucketIsEncrypted, {
  passes: {
    "a bucket at AWS with one": [namespace(), bucket, encryption],
    "a bucket of another store without": [namespace(), bucketAt(otherStore)],
  },
  breaks: [namespace(), bucketAt(aws)],
  message,
  unknown: [
    { given: [namespace(), bucket, changed(encryption, ["bucket"], unknown)], later: ["bucket"] },
    { given: [namespace(), changed(bucket, ["bucket"], unknown)], later: ["bucket"] },
  ],
  ignores: {
    "a bucket of no instance": [{ ...bucket, name: "other", props: { bucket: "other" } }],
  },
});

test("another bucket's does not count", async () => {
  const other = changed({ ...encryption, name: "shop-other" }, ["bucket"], "mlflow-dev-other");
  expect((await judgeStack(bucketIsEncrypted, [namespace(), bucket, other])).violations).toEqual([
    message,
  ]);
});

test("a store that can is asked for it by configuration", async () => {
  const config = { otherStores: { environments: { dev: true } } };
  const given = [namespace(), bucketAt(otherStore)];
  expect((await judgeStack(bucketIsEncrypted, given, { config })).violations).toEqual([message]);
  expect(await judgeStack(bucketIsEncrypted, [...given, encryption], { config })).toEqual(clean);
});
