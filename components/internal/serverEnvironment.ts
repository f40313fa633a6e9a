import { ArtifactsAccess, type BucketSettings } from "../mlflowInstanceArgs.ts";
import { allowedHosts, corsOrigins, type HostFacts } from "./hosts.ts";
import { caFile, tokenFolder, tokenKey } from "./podParts.ts";
import type { Pool } from "./poolSize.ts";

export interface EnvironmentFacts extends HostFacts {
  instanceName: string;
  workers: number;
  pool: Pool;
  artifactsAccess: ArtifactsAccess;
  bucket: Pick<BucketSettings, "name" | "endpoint" | "region">;
  caGiven: boolean;
}

/** Folder in the bucket under which all artifacts live; `tmp/` beside it is cleaned by the lifecycle. */
export const artifactPrefix = "artifacts";

/** `s3-proxied` is the image's own scheme: it offers no multipart transfer, so clients stay behind the server with nothing set on their side. */
export function artifactsDestination(access: ArtifactsAccess, bucket: string): string {
  return `${access === ArtifactsAccess.Proxied ? "s3-proxied" : "s3"}://${bucket}/${artifactPrefix}`;
}

/** The server's settings that are no secrets. */
export function serverEnvironment(facts: EnvironmentFacts): Record<string, string> {
  return {
    MLFLOW_INSTANCE_NAME: facts.instanceName,
    MLFLOW_INSTANCE_WORKERS: String(facts.workers),
    MLFLOW_INSTANCE_ARTIFACTS_DESTINATION: artifactsDestination(facts.artifactsAccess, facts.bucket.name),
    MLFLOW_INSTANCE_TOKENS_FILE: `${tokenFolder}/${tokenKey}`,
    MLFLOW_SERVER_ALLOWED_HOSTS: allowedHosts(facts).join(","),
    MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: corsOrigins(facts).join(","),
    // On by default since 3.9: several processes of 180 MB that an instance has no use for.
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    MLFLOW_DISABLE_TELEMETRY: "true",
    MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: String(facts.pool.poolSize),
    MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: String(facts.pool.maxOverflow),
    // Seconds; below the idle timeouts of common proxies and firewalls.
    MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE: "1800",
    ...objectStoreEnvironment(facts.bucket, facts.caGiven),
  };
}

/** How a pod reaches the object store; the key pair comes from its secret. */
export function objectStoreEnvironment(bucket: Pick<BucketSettings, "endpoint" | "region">, caGiven: boolean): Record<string, string> {
  return {
    AWS_DEFAULT_REGION: bucket.region,
    // The pod may not reach the node's metadata service; without this the SDK waits for it whenever a key is refused.
    AWS_EC2_METADATA_DISABLED: "true",
    ...(bucket.endpoint === undefined
      ? {}
      : {
          MLFLOW_S3_ENDPOINT_URL: bucket.endpoint,
          // Many S3-compatible stores refuse the checksums that newer SDKs add by themselves.
          AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
          AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
        }),
    ...(caGiven ? { AWS_CA_BUNDLE: caFile(true) } : {}),
  };
}
