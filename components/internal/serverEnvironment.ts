import * as pulumi from "@pulumi/pulumi";
import { ArtifactsAccess, LogLevel } from "../enums.ts";
import type { BucketFacts } from "./storeFacts.ts";
import type { NetworkSettings } from "../platformSettings.ts";
import { allowedHosts, corsOrigins, metricsPort, type HostFacts } from "./hosts.ts";
import { caFile, tokenFolder, tokenKey, workloadsKey } from "./podParts.ts";
import { parseDays } from "./quantities.ts";
import type { Pool } from "./poolSize.ts";
import type { ResolvedInstance } from "./resolvedInstance.ts";

export interface EnvironmentFacts
  extends
    HostFacts,
    Pick<
      ResolvedInstance,
      "instanceName" | "workers" | "artifactsAccess" | "logLevel" | "workloads" | "auditRetention"
    > {
  pool: Pool;
  /** Whether the platform has a monitoring system. */
  isMonitored: boolean;
  network: Pick<NetworkSettings, "ingressNamespace" | "ingressCidrs">;
  bucket: Pick<BucketFacts, "name" | "endpoint" | "region" | "kmsKeyArn">;
  /** Whether the pods have a role of AWS instead of keys. */
  usesRole: boolean;
  caGiven: boolean;
  /**
   * Seconds for which the server keeps a connection without a request; undefined for its own
   * default.
   */
  keepAliveSeconds: number | undefined;
}

/**
 * Folder in the bucket under which all artifacts live; `tmp/` beside it is cleaned by the
 * lifecycle.
 */
export const artifactPrefix = "artifacts";

/**
 * `s3-proxied` is the image's own scheme: it offers no multipart transfer, so clients stay behind
 * the server with nothing set on their side.
 */
export function artifactsDestination(access: ArtifactsAccess, bucket: string): string {
  return `${access === ArtifactsAccess.Proxied ? "s3-proxied" : "s3"}://${bucket}/${artifactPrefix}`;
}

/** The server's settings that are no secrets. */
export function serverEnvironment(facts: EnvironmentFacts): Record<string, pulumi.Input<string>> {
  return {
    MLFLOW_INSTANCE_NAME: facts.instanceName,
    MLFLOW_INSTANCE_WORKERS: String(facts.workers),
    ...(facts.keepAliveSeconds === undefined
      ? {}
      : { MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS: String(facts.keepAliveSeconds) }),
    MLFLOW_INSTANCE_ARTIFACTS_DESTINATION: artifactsDestination(
      facts.artifactsAccess,
      facts.bucket.name,
    ),
    MLFLOW_INSTANCE_TOKENS_FILE: `${tokenFolder}/${tokenKey}`,
    ...(facts.workloads.length === 0
      ? {}
      : {
          MLFLOW_INSTANCE_WORKLOADS_FILE: `${tokenFolder}/${workloadsKey}`,
          ...(facts.caGiven ? { MLFLOW_INSTANCE_ISSUERS_CA_FILE: caFile(true) } : {}),
        }),
    ...(facts.isMonitored ? { MLFLOW_INSTANCE_METRICS_PORT: String(metricsPort) } : {}),
    MLFLOW_INSTANCE_INGRESS_ADDRESSES: ingressAddresses(facts.network),
    MLFLOW_SERVER_ALLOWED_HOSTS: allowedHosts(facts).join(","),
    MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: corsOrigins(facts).join(","),
    // Not said where it is MLflow's own default: pods of before stay as they are.
    ...(facts.logLevel === LogLevel.Info
      ? {}
      : { MLFLOW_LOGGING_LEVEL: facts.logLevel.toUpperCase() }),
    // As above: without it the server has its own default.
    ...(facts.auditRetention === undefined
      ? {}
      : { MLFLOW_INSTANCE_AUDIT_DAYS: String(parseDays(facts.auditRetention)) }),
    // On by default since 3.9: several processes of 180 MB that an instance has no use for.
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    MLFLOW_DISABLE_TELEMETRY: "true",
    MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: String(facts.pool.poolSize),
    MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: String(facts.pool.maxOverflow),
    // Seconds; below the idle timeouts of common proxies and firewalls.
    MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE: "1800",
    ...uploadEnvironment(facts.bucket.kmsKeyArn),
    ...objectStoreEnvironment(facts),
  };
}

/**
 * Peers whose `X-Forwarded-For` the server trusts. Pods of a namespace have no fixed addresses; the
 * network policies admit only them, so any peer is trusted there.
 */
const ingressAddresses = ({
  ingressNamespace,
  ingressCidrs = [],
}: EnvironmentFacts["network"]): pulumi.Input<string> =>
  ingressNamespace === undefined ? pulumi.all(ingressCidrs).apply((cidrs) => cidrs.join(",")) : "*";

/**
 * Said with each upload, too: so it fails where the bucket's own default was changed behind our
 * back, instead of being encrypted otherwise.
 */
function uploadEnvironment(
  kmsKeyArn: pulumi.Input<string> | undefined,
): Record<string, pulumi.Input<string>> {
  if (kmsKeyArn === undefined) return {};
  return {
    MLFLOW_S3_UPLOAD_EXTRA_ARGS: pulumi
      .output(kmsKeyArn)
      .apply((SSEKMSKeyId) => JSON.stringify({ ServerSideEncryption: "aws:kms", SSEKMSKeyId })),
  };
}

export interface ObjectStoreFacts {
  bucket: Pick<BucketFacts, "endpoint" | "region">;
  usesRole: boolean;
  caGiven: boolean;
}

/**
 * How a pod reaches the object store; its key pair comes from its secret, its role from its
 * account.
 */
export function objectStoreEnvironment({
  bucket,
  usesRole,
  caGiven,
}: ObjectStoreFacts): Record<string, string> {
  return {
    AWS_DEFAULT_REGION: bucket.region,
    // The first is the name that Python's SDK reads, the second that of all others. The region's
    // own token service: the global one may be closed to a VPC.
    ...(usesRole ? { AWS_REGION: bucket.region, AWS_STS_REGIONAL_ENDPOINTS: "regional" } : {}),
    // The pod may not reach the node's metadata service; without this the SDK waits for it whenever
    // a key is refused.
    AWS_EC2_METADATA_DISABLED: "true",
    ...(bucket.endpoint === undefined
      ? {}
      : {
          MLFLOW_S3_ENDPOINT_URL: bucket.endpoint,
          // Many S3-compatible stores refuse the checksums that newer SDKs add by themselves.
          AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
          AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
        }),
    // The bundle would replace the public authorities, which sign for the services of AWS; there it
    // is for the database alone.
    ...(caGiven && !usesRole ? { AWS_CA_BUNDLE: caFile(true) } : {}),
  };
}
