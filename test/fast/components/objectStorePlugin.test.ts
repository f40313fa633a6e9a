import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Provider as Aws } from "@pulumi/aws/provider.js";
import { describe, expect, test } from "vitest";
import { objectStorePluginVersion } from "@mlflow-instances/components/internal";
import {
  awsInstanceArgs,
  awsPlatformArgs,
  instanceArgs,
  instanceTypes,
  newInstance,
  platformArgs,
} from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";
import { registered } from "../../golden/registered.ts";

// Which plugin is asked for, and with which arguments. What the official plugin does with a store
// can't be shown here: it can't be downloaded.

const manifest = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../components/package.json"), "utf8"),
);
const newest: string = manifest.dependencies["@pulumi/aws"];

/** Inputs of @pulumi/aws 7.12.0, read from the types of that npm package. */
const known: Record<string, readonly string[]> = {
  "aws:s3/bucket:Bucket": ["bucket", "forceDestroy", "tags"],
  "aws:s3/bucketVersioning:BucketVersioning": [
    "bucket",
    "expectedBucketOwner",
    "mfa",
    "region",
    "versioningConfiguration",
  ],
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": [
    "bucket",
    "expectedBucketOwner",
    "region",
    "rules",
  ],
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": [
    "blockPublicAcls",
    "blockPublicPolicy",
    "bucket",
    "ignorePublicAcls",
    "region",
    "restrictPublicBuckets",
    "skipDestroy",
  ],
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ["bucket", "region", "rule"],
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": [
    "bucket",
    "expectedBucketOwner",
    "region",
    "rules",
    "timeouts",
    "transitionDefaultMinimumObjectSize",
  ],
  "aws:s3/bucketPolicy:BucketPolicy": ["bucket", "policy", "region"],
  "pulumi:providers:aws": [
    "accessKey",
    "customCaBundle",
    "endpoints",
    "insecure",
    "region",
    "s3UsePathStyle",
    "secretKey",
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
  ],
};

const everything = {
  lifecycle: true,
  encryption: true,
  publicAccessBlock: true,
  objectOwnership: true,
  versioning: true,
};

describe("a store that is not Amazon's", () => {
  test("has the last plugin that reads tags from S3 for every resource of a bucket, with arguments that this one knows", async () => {
    const objectStore = { ...platformArgs().objectStore, ...everything };
    const { registrations } = await runWithMocks(instanceTypes, () =>
      newInstance(instanceArgs({}, { objectStore })),
    );
    const parts = registrations.filter(({ type }) => type.startsWith("aws:"));
    expect(parts.map(({ type }) => type).sort()).toEqual(
      Object.keys(known)
        .filter((type) => type.startsWith("aws:"))
        .sort(),
    );
    for (const { type, version, inputs } of parts) {
      expect(version, type).toBe("7.12.0");
      expect(known[type], type).toEqual(expect.arrayContaining(Object.keys(inputs)));
    }
  });

  test("has it for its provider, and nothing else has", async () => {
    const { providers, registrations } = await registered("local");
    const aws = providers.filter(({ type }) => type === "pulumi:providers:aws");
    expect(aws.map(({ name, version }) => `${name} ${version}`)).toEqual(["object-store 7.12.0"]);
    expect(known["pulumi:providers:aws"]).toEqual(
      expect.arrayContaining(Object.keys(aws[0]?.inputs as object)),
    );
    for (const each of [...providers, ...registrations])
      if (each.custom && !/aws/.test(each.type))
        expect(each.version, each.name).not.toBe(objectStorePluginVersion);
  });
});

describe("Amazon's", () => {
  test("has the package's own version for every resource of an instance", async () => {
    const { registrations } = await runWithMocks(instanceTypes, () =>
      newInstance(awsInstanceArgs()),
    );
    const parts = registrations.filter(({ type }) => type.startsWith("aws:"));
    expect(parts.length).toBe(11);
    for (const { type, version } of parts) expect(version, type).toBe(newest);
  });

  test("also where it is reached through an endpoint of the VPC", async () => {
    const platform = awsPlatformArgs();
    const objectStore = {
      ...platform.objectStore,
      endpoint: "https://bucket.vpce-0a1b.s3.eu-central-1.vpce.amazonaws.com",
    };
    const network = { ...platform.network, objectStoreCidrs: ["10.0.0.0/16"] };
    const { registrations } = await runWithMocks(instanceTypes, () =>
      newInstance(awsInstanceArgs({}, { objectStore, network })),
    );
    for (const { type, version } of registrations.filter(({ type }) => type.startsWith("aws:")))
      expect(version, type).toBe(newest);
  });

  test.each(["prod", "dev", "staging"] as const)(
    "has it in %s, if that is on AWS",
    async (name) => {
      const { providers } = await registered(name);
      const aws = providers.filter(({ type }) => type === "pulumi:providers:aws");
      expect(aws.length).toBe(1);
      expect(aws[0]?.version).toBe(
        aws[0]?.name === "object-store" ? objectStorePluginVersion : newest,
      );
    },
  );
});

test("the provider's class doesn't put its package's version over it", async () => {
  const { providers } = await runWithMocks(
    {},
    () => new Aws("store", {}, { version: objectStorePluginVersion }),
  );
  expect(providers.map(({ version }) => version)).toEqual([objectStorePluginVersion]);
});
