import type { ArtifactsAccess } from "../enums.ts";
import type { StaleRunsSettings } from "../mlflowInstanceArgs.ts";
import type { BucketFacts } from "./storeFacts.ts";
import { artifactsDestination, objectStoreEnvironment } from "./serverEnvironment.ts";

export interface JobEnvironmentFacts {
  instanceName: string;
  artifactsAccess: ArtifactsAccess;
  bucket: Pick<BucketFacts, "name" | "endpoint" | "region" | "versioning" | "lifecycle">;
  /** Whether the pods have a role of AWS instead of keys. */
  usesRole: boolean;
  caGiven: boolean;
}

export interface MaintenanceEnvironmentFacts extends JobEnvironmentFacts {
  deletedExperimentRetention: string;
  traceRetention?: string | undefined;
  staleRuns: Required<StaleRunsSettings>;
}

/** What every job needs that works on the instance's bucket; no secrets. */
export function jobEnvironment(facts: JobEnvironmentFacts): Record<string, string> {
  return { ...ownNames(facts), ...objectStoreEnvironment(facts) };
}

function ownNames(facts: JobEnvironmentFacts): Record<string, string> {
  return {
    MLFLOW_INSTANCE_NAME: facts.instanceName,
    MLFLOW_INSTANCE_ARTIFACTS_DESTINATION: artifactsDestination(
      facts.artifactsAccess,
      facts.bucket.name,
    ),
  };
}

/**
 * Settings of the maintenance jobs that are no secrets; both get all of them, because commands
 * start either's template with other work.
 */
export function maintenanceEnvironment(facts: MaintenanceEnvironmentFacts): Record<string, string> {
  return {
    ...ownNames(facts),
    MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION: facts.deletedExperimentRetention,
    // Not there by default: no CronJob of an instance that has none changes.
    ...(facts.traceRetention === undefined
      ? {}
      : { MLFLOW_INSTANCE_TRACE_RETENTION: facts.traceRetention }),
    MLFLOW_INSTANCE_STALE_RUNS_AFTER: facts.staleRuns.after,
    MLFLOW_INSTANCE_STALE_RUNS_IDLE: facts.staleRuns.idle,
    MLFLOW_INSTANCE_BUCKET_VERSIONING: String(facts.bucket.versioning ?? true),
    MLFLOW_INSTANCE_BUCKET_LIFECYCLE: String(facts.bucket.lifecycle ?? true),
    ...objectStoreEnvironment(facts),
  };
}
