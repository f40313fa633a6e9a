import { labels } from "./fixtures.ts";
import type { Given } from "./support.ts";

// The bucket of the instance `shop` and its settings, each as its rules want it.

/** The provider of AWS itself, and of a store that speaks S3. */
export const aws = { type: "pulumi:providers:aws", props: { region: "eu-central-1" } };
export const otherStore = {
  type: "pulumi:providers:aws",
  props: { region: "eu-central-1", endpoints: '[{"s3":"https://s3.example.com"}]' },
};

const bucketName = "mlflow-dev-shop";

export const bucketAt = (provider: typeof aws): Given => ({
  type: "aws:s3/bucket:Bucket",
  name: "shop-bucket",
  opts: { protect: true },
  provider,
  props: {
    bucket: bucketName,
    forceDestroy: false,
    tags: labels({ "app.kubernetes.io/component": "artifact-store" }),
  },
});

export const bucket = bucketAt(aws);

export const statements = {
  instance: {
    Sid: "InstanceUsesObjects",
    Effect: "Allow",
    Principal: { AWS: ["arn:aws:iam::1:role/shop"] },
    Action: ["s3:GetObject"],
  },
  plainHttp: {
    Sid: "RefusePlainHttp",
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:*"],
    Resource: [`arn:aws:s3:::${bucketName}`, `arn:aws:s3:::${bucketName}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  },
};

export const bucketPolicyOf = (list: readonly object[], provider: typeof aws = aws): Given => ({
  type: "aws:s3/bucketPolicy:BucketPolicy",
  name: "shop-bucket-policy",
  urn: "urn:pulumi:dev::mlflow-instances::aws:s3/bucketPolicy:BucketPolicy::shop-bucket-policy",
  provider,
  props: { bucket: bucketName, policy: JSON.stringify({ Version: "2012-10-17", Statement: list }) },
});

export const bucketPolicy = bucketPolicyOf([statements.instance, statements.plainHttp]);

export const publicAccessBlock: Given = {
  type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  name: "shop-bucket-public-access",
  provider: aws,
  props: {
    bucket: bucketName,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  },
};

export const encryption: Given = {
  type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  name: "shop-bucket-encryption",
  provider: aws,
  props: {
    bucket: bucketName,
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  },
};
