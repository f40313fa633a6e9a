import * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/aws";
import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import { StorageClasses } from "./enums.ts";
import { isAtAws, partitionOf } from "./internal/arns.ts";
import { bucketPolicy } from "./internal/bucketPolicy.ts";
import { Component, tagsOf, type Identity } from "./internal/labels.ts";
import { lifecycleRules } from "./internal/lifecycleRules.ts";
import { logicalName } from "./internal/names.ts";
import { objectStorePluginVersion } from "./internal/objectStorePlugin.ts";
import { childrenOf, dataGuards } from "./internal/options.ts";
import type { BucketFacts } from "./internal/storeFacts.ts";

export interface ArtifactBucketArgs {
  identity: Identity;
  bucket: BucketFacts;
  /** Who uses the bucket beside its administrators. */
  principals: BucketPrincipals;
  protect: boolean;
  /** The bucket is about to go, with all that is in it. */
  preparingDeletion: boolean;
}

export interface BucketPrincipals {
  instance: pulumi.Input<string>;
  maintenance: pulumi.Input<string>;
  /** Whether they are roles of AWS, whose own policies say what they may do. */
  areRoles: boolean;
}

/** The instance's bucket, with what its object store can do switched on. */
export class ArtifactBucket {
  /** Name of the bucket, known when it exists. */
  readonly bucketName: pulumi.Output<string>;
  /** What has to exist before the server may write. */
  readonly fences: pulumi.Resource[];

  constructor(name: string, args: ArtifactBucketArgs, instance: pulumi.Resource) {
    const settings = args.bucket;
    const atAws = isAtAws(settings, args.principals.areRoles);
    const plugin = atAws ? {} : { version: objectStorePluginVersion };
    const child = childrenOf(instance, "ArtifactBucket", plugin);
    const bucket = new Bucket(
      logicalName(name, "bucket"),
      {
        bucket: settings.name,
        forceDestroy: settings.forceDestroy,
        tags: tagsOf(args.identity, Component.ArtifactStore, args.preparingDeletion),
      },
      child(dataGuards(args.protect)),
    );
    this.bucketName = bucket.bucket;
    this.fences = [];

    if (settings.versioning ?? true) {
      this.fences.push(
        new BucketVersioning(
          logicalName(name, "bucketVersioning"),
          { bucket: bucket.bucket, versioningConfiguration: { status: "Enabled" } },
          child(),
        ),
      );
    }
    if (settings.encryption ?? true) {
      this.fences.push(
        new BucketServerSideEncryptionConfiguration(
          logicalName(name, "bucketEncryption"),
          { bucket: bucket.bucket, rules: [encryptionRule(settings.kmsKeyArn)] },
          child(),
        ),
      );
    }
    if (settings.publicAccessBlock ?? true) {
      this.fences.push(
        new BucketPublicAccessBlock(
          logicalName(name, "bucketPublicAccessBlock"),
          {
            bucket: bucket.bucket,
            blockPublicAcls: true,
            blockPublicPolicy: true,
            ignorePublicAcls: true,
            restrictPublicBuckets: true,
          },
          child(),
        ),
      );
    }
    if (settings.objectOwnership ?? true) {
      this.fences.push(
        new BucketOwnershipControls(
          logicalName(name, "bucketOwnership"),
          { bucket: bucket.bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
          child(),
        ),
      );
    }
    if (settings.lifecycle ?? true) {
      this.fences.push(
        new BucketLifecycleConfiguration(
          logicalName(name, "bucketLifecycle"),
          {
            bucket: bucket.bucket,
            rules: lifecycleRules(
              settings.versioning ?? true,
              settings.noncurrentVersionDays,
              settings.storageClasses ?? StorageClasses.Standard,
            ),
          },
          // The store refuses rules for versions of a bucket that keeps none.
          child({ dependsOn: [...this.fences] }),
        ),
      );
    }
    const policy = pulumi
      .all([
        bucket.bucket,
        args.principals.instance,
        args.principals.maintenance,
        pulumi.all(settings.adminPrincipals),
        pulumi.all(settings.formerPrincipals ?? []),
      ])
      .apply(
        ([
          bucketName,
          instancePrincipal,
          maintenancePrincipal,
          adminPrincipals,
          formerPrincipals,
        ]) =>
          bucketPolicy({
            bucket: bucketName,
            partition: atAws ? partitionOf(settings.region) : "aws",
            instancePrincipal,
            formerPrincipals,
            maintenancePrincipal,
            adminPrincipals,
            grantedByRoles: args.principals.areRoles,
            preparingDeletion: args.preparingDeletion,
            tlsOnly: settings.tlsOnly ?? true,
            refusal: !(settings.denyOthers ?? args.principals.areRoles)
              ? "none"
              : atAws
                ? "byArn"
                : "byPrincipal",
          }),
      );
    this.fences.push(
      // Last: from then on only those whom it names get through.
      new BucketPolicy(
        logicalName(name, "bucketPolicy"),
        { bucket: bucket.bucket, policy },
        child({ dependsOn: [...this.fences] }),
      ),
    );
  }
}

/**
 * With a key of KMS, S3 asks for one data key per bucket and some minutes, and not for one per
 * object: a hundredth of the requests.
 */
function encryptionRule(
  kmsKeyArn: pulumi.Input<string> | undefined,
): types.input.s3.BucketServerSideEncryptionConfigurationRule {
  if (kmsKeyArn === undefined)
    return { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } };
  return {
    applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKeyArn },
    bucketKeyEnabled: true,
  };
}
