import { CreateBucketCommand, DeleteBucketCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import type { BucketLocationConstraint } from "@aws-sdk/client-s3";
import type { BridgedResource, PropertySpec } from "../shared/bridged/schema.ts";
import { UserError } from "../shared/provider.ts";
import { isEmptyTags, text } from "./inputs.ts";
import { emptyBucket } from "./emptyBucket.ts";
import type { ObjectStore } from "./objectStore.ts";
import { call, codeOf, statusOf, serviceError } from "./serviceErrors.ts";
import { readTags, withDefaultTags, writeTags } from "./bucketTags.ts";
import { asText } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";

/** Settings that have a resource of their own; on the bucket they are deprecated. */
const elsewhere = (type: string): PropertySpec => ({
  type: "string",
  computed: true,
  validate: () => `deprecated here and not supported by the stand-in plugin: use aws.s3.${type}`,
});
const settingOf: Record<string, string> = {
  accelerationStatus: "BucketAccelerateConfiguration",
  acl: "BucketAcl",
  corsRules: "BucketCorsConfiguration",
  grants: "BucketAcl",
  lifecycleRules: "BucketLifecycleConfiguration",
  logging: "BucketLogging",
  objectLockConfiguration: "BucketObjectLockConfiguration",
  policy: "BucketPolicy",
  replicationConfiguration: "BucketReplicationConfig",
  requestPayer: "BucketRequestPaymentConfiguration",
  serverSideEncryptionConfiguration: "BucketServerSideEncryptionConfiguration",
  versioning: "BucketVersioning",
  website: "BucketWebsiteConfiguration",
};

const properties: BridgedResource["properties"] = {
  arn: { type: "string", output: true },
  bucket: {
    type: "string",
    computed: true,
    replaces: true,
    autoname: { maxLength: 63, lowerCase: true },
    validate: (value) => wrongName(asText(value)),
  },
  bucketDomainName: { type: "string", output: true },
  bucketPrefix: {
    type: "string",
    computed: true,
    replaces: true,
    validate: () => "not supported by the stand-in plugin: give `bucket`",
  },
  bucketRegion: { type: "string", output: true },
  bucketRegionalDomainName: { type: "string", output: true },
  forceDestroy: { type: "boolean", default: false },
  hostedZoneId: { type: "string", output: true },
  objectLockEnabled: { type: "boolean", computed: true, replaces: true },
  region: { type: "string", computed: true, replaces: true },
  tags: { type: "map" },
  tagsAll: { type: "map", output: true },
  websiteDomain: { type: "string", output: true },
  websiteEndpoint: { type: "string", output: true },
  ...Object.fromEntries(Object.entries(settingOf).map(([key, type]) => [key, elsewhere(type)])),
};

function wrongName(name: string): string | undefined {
  const isName =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes("..") &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name);
  return isName
    ? undefined
    : `"${name}" is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends`;
}

async function exists(store: ObjectStore, name: string): Promise<boolean> {
  try {
    await store.client.send(new HeadBucketCommand({ Bucket: name }));
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    if (statusOf(error) === 403)
      throw new UserError(
        `can't look at bucket "${name}": the object store ${store.where} refuses access to it`,
      );
    throw serviceError(store, `can't look at bucket "${name}"`, error);
  }
}

async function state(store: ObjectStore, name: string, known: Properties): Promise<Properties> {
  const tags = await readTags(store, name);
  return {
    arn: `arn:aws:s3:::${name}`,
    bucket: name,
    bucketDomainName: `${name}.s3.amazonaws.com`,
    bucketPrefix: "",
    bucketRegion: store.region,
    bucketRegionalDomainName: `${name}.s3.${store.region}.amazonaws.com`,
    forceDestroy: known["forceDestroy"] === true,
    objectLockEnabled: known["objectLockEnabled"] === true,
    region: store.region,
    tags: isEmptyTags(tags) ? null : tags,
    tagsAll: tags,
  };
}

const minutes = (count: number): number => count * 60 * 1e9;

/**
 * A bucket. What its own resources set (policy, versioning, …) is not read into its state: it would
 * drift with each of them.
 */
export function bucket(store: () => ObjectStore): BridgedResource {
  return {
    framework: "sdk",
    // The official plugin keeps the operation timeouts of this type here.
    meta: JSON.stringify({
      "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": {
        create: minutes(20),
        delete: minutes(60),
        read: minutes(20),
        update: minutes(20),
      },
    }),
    properties,
    prepare: withDefaultTags(store),
    plan: (inputs) => ({
      ...(typeof inputs["bucket"] === "string" && { arn: `arn:aws:s3:::${inputs["bucket"]}` }),
      tagsAll: inputs["tags"] ?? {},
    }),
    create: async ({ inputs }) => {
      const name = text(inputs, "bucket");
      const what = `can't create bucket "${name}"`;
      try {
        await store().client.send(
          new CreateBucketCommand({
            Bucket: name,
            ...(store().region !== "us-east-1" && {
              CreateBucketConfiguration: {
                LocationConstraint: store().region as BucketLocationConstraint,
              },
            }),
            ...(inputs["objectLockEnabled"] === true && { ObjectLockEnabledForBucket: true }),
          }),
        );
      } catch (error) {
        throw serviceError(store(), what, error);
      }
      if (!isEmptyTags(inputs["tags"])) await writeTags(store(), name, inputs["tags"]);
      return { id: name, state: await state(store(), name, inputs) };
    },
    read: async (_context, id, known) =>
      (await exists(store(), id)) ? { state: await state(store(), id, known) } : undefined,
    update: async ({ id, inputs, changed }) => {
      if (changed.has("tags")) await writeTags(store(), id, inputs["tags"]);
      return state(store(), id, inputs);
    },
    delete: async ({ signal, log }, id, known) => {
      const what = `can't delete bucket "${id}"`;
      const remove = (): Promise<unknown> =>
        store().client.send(new DeleteBucketCommand({ Bucket: id }));
      try {
        await remove();
      } catch (error) {
        if (codeOf(error) === "NoSuchBucket") return;
        if (codeOf(error) !== "BucketNotEmpty") throw serviceError(store(), what, error);
        if (known["forceDestroy"] !== true) {
          throw new UserError(
            `${what}: it is not empty (old versions count). Empty it, or set \`forceDestroy: true\` and run \`pulumi up\` first to lose its content`,
          );
        }
        await call(store(), what, async () => {
          await emptyBucket(store(), id, signal, log);
          await remove();
        });
      }
    },
  };
}
