import { bridgedHandler } from "../shared/bridged/handler.ts";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Provider } from "../shared/provider.ts";
import { UserError } from "../shared/provider.ts";
import { bucket } from "./bucket.ts";
import { bucketCors } from "./bucketCors.ts";
import { bucketEncryption } from "./bucketEncryption.ts";
import { bucketLifecycle } from "./bucketLifecycle.ts";
import { bucketOwnership } from "./bucketOwnership.ts";
import { bucketPolicy } from "./bucketPolicy.ts";
import { bucketPublicAccessBlock } from "./bucketPublicAccessBlock.ts";
import { bucketVersioning } from "./bucketVersioning.ts";
import { objectStore } from "./objectStore.ts";
import type { ObjectStore } from "./objectStore.ts";

const resources: Record<string, (store: () => ObjectStore) => BridgedResource> = {
  "aws:s3/bucket:Bucket": bucket,
  "aws:s3/bucketVersioning:BucketVersioning": bucketVersioning,
  "aws:s3/bucketPolicy:BucketPolicy": bucketPolicy,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketPublicAccessBlock,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": bucketEncryption,
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": bucketLifecycle,
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": bucketOwnership,
  "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": bucketCors,
};

export function awsProvider(): Provider {
  let store: ObjectStore | undefined;
  const current = (): ObjectStore => {
    if (!store) throw new UserError("the aws provider is not configured");
    return store;
  };
  const handlers = Object.fromEntries(Object.entries(resources).map(([type, make]) => [type, bridgedHandler(make(current))]));
  return {
    name: "aws",
    version: "7.48.0",
    supported: Object.keys(resources),
    resource: (type) => handlers[type],
    configure: async (config) => {
      store?.client.destroy();
      store = objectStore(config);
    },
    close: async () => store?.client.destroy(),
  };
}
