import { bridgedHandler } from "../shared/bridged/handler.ts";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Provider, ResourceHandler } from "../shared/provider.ts";
import { UserError } from "../shared/provider.ts";
import type { Properties } from "../shared/values.ts";
import { bucket } from "./bucket.ts";
import { bucketCors } from "./bucketCors.ts";
import { bucketEncryption } from "./bucketEncryption.ts";
import { bucketLifecycle } from "./bucketLifecycle.ts";
import { bucketOwnership } from "./bucketOwnership.ts";
import { bucketPolicy } from "./bucketPolicy.ts";
import { bucketPublicAccessBlock } from "./bucketPublicAccessBlock.ts";
import { bucketVersioning } from "./bucketVersioning.ts";
import { callerIdentity, checkAccount } from "./caller.ts";
import { eksCluster } from "./cluster.ts";
import { Connection } from "./connection.ts";
import { iam } from "./iam.ts";
import type { Iam } from "./iam.ts";
import { objectStore } from "./objectStore.ts";
import type { ObjectStore } from "./objectStore.ts";
import { previewOnly, previewOnlyResources } from "./previewOnly.ts";
import { role } from "./role.ts";
import { rolePolicy } from "./rolePolicy.ts";

interface Services {
  connection: Connection;
  store: ObjectStore;
  iam: () => Promise<Iam>;
}

type Maker = (services: () => Services) => BridgedResource;
const ofStore =
  (make: (store: () => ObjectStore) => BridgedResource): Maker =>
  (services) =>
    make(() => services().store);

const resources: Record<string, Maker> = {
  "aws:s3/bucket:Bucket": ofStore(bucket),
  "aws:s3/bucketVersioning:BucketVersioning": ofStore(bucketVersioning),
  "aws:s3/bucketPolicy:BucketPolicy": ofStore(bucketPolicy),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ofStore(bucketPublicAccessBlock),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration":
    ofStore(bucketEncryption),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ofStore(bucketLifecycle),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ofStore(bucketOwnership),
  "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": ofStore(bucketCors),
  "aws:iam/role:Role": (services) =>
    role(
      () => services().iam(),
      () => services().connection,
    ),
  "aws:iam/rolePolicy:RolePolicy": (services) => rolePolicy(() => services().iam()),
};

const functions: Record<string, (connection: Connection, args: Properties) => Promise<Properties>> =
  {
    "aws:index/getCallerIdentity:getCallerIdentity": callerIdentity,
    "aws:eks/getCluster:getCluster": eksCluster,
  };

export function awsProvider(version = "7.48.0"): Provider {
  let services: Services | undefined;
  const current = (): Services => {
    if (!services) throw new UserError("the aws provider is not configured");
    return services;
  };
  const handlers: Record<string, ResourceHandler> = {
    ...Object.fromEntries(
      Object.entries(resources).map(([type, make]) => [type, bridgedHandler(make(current))]),
    ),
    ...Object.fromEntries(
      Object.entries(previewOnlyResources).map(([type, rules]) => [type, previewOnly(type, rules)]),
    ),
  };
  return {
    name: "aws",
    version,
    supported: Object.keys(handlers),
    resource: (type) => handlers[type],
    configure: async (config) => {
      services?.store.client.destroy();
      const connection = new Connection(config);
      await checkAccount(connection);
      services = { connection, store: objectStore(connection), iam: iam(connection) };
    },
    invoke: async ({ token, args }) => {
      const answer = functions[token];
      if (!answer)
        throw new UserError(
          `function ${token} is not supported by the stand-in plugin for "aws"; install the official one`,
        );
      return { result: await answer(current().connection, args) };
    },
    close: async () => services?.store.client.destroy(),
  };
}
