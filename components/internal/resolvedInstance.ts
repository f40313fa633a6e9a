import { ArtifactsAccess, LogLevel, SslMode, Tier } from "../enums.ts";
import type {
  AccessToken,
  DatabaseSettings,
  MaintenanceSettings,
  StaleRunsSettings,
} from "../mlflowInstanceArgs.ts";
import type { PostgresqlSettings } from "../platformSettings.ts";
import type { Workload } from "../workloadSettings.ts";
import { resolveMaintenance, resolveStaleRuns } from "./maintenanceSettings.ts";
import type { NamedArgs } from "./namedArgs.ts";
import { databaseName } from "./names.ts";
import { preferredConnections } from "./poolSize.ts";
import { parseDays } from "./quantities.ts";
import { defaultResources, tierDefaults, type PodResources } from "./tiers.ts";

/**
 * An instance with every default filled in: what the component makes. Plain values only, so that it
 * can be shown, compared and added up; inputs and secrets stay in the arguments.
 */
export interface ResolvedInstance {
  readonly instanceName: string;
  readonly environment: string;
  readonly team: string;
  readonly owner: string;
  readonly description?: string;
  readonly tier: Tier;
  readonly costCenter?: string;
  readonly host: string;
  readonly extraAllowedHosts: readonly string[];
  readonly mlflowVersion: string;
  readonly replicas: number;
  readonly workers: number;
  readonly resources: PodResources;
  readonly logLevel: LogLevel;
  readonly temporaryStorage: string;
  readonly artifactsAccess: ArtifactsAccess;
  readonly deletedExperimentRetention: string;
  readonly traceRetention?: string;
  readonly auditRetention?: string;
  readonly staleRuns: Required<StaleRunsSettings>;
  readonly maintenance: Required<MaintenanceSettings>;
  /** Whether the engine refuses to delete bucket and database. */
  readonly protect: boolean;
  readonly prepareDeletion: boolean;
  readonly bucket: {
    readonly name: string;
    /** Days for which what was removed for good lies around as an old version. */
    readonly noncurrentVersionDays: number;
  };
  readonly database: Required<DatabaseSettings & Omit<PostgresqlSettings, "host">>;
  readonly tokens: readonly AccessToken[];
  readonly workloads: readonly Workload[];
}

/** The version of `images/tracking-server`. */
export const defaultMlflowVersion = "3.17.2";

export function resolveInstance(args: NamedArgs): ResolvedInstance {
  const { instanceName, platform } = args;
  const { environment, objectStore, postgresql } = platform;
  const tier = args.tier ?? Tier.Standard;
  const defaults = tierDefaults(tier);
  const deletedExperimentRetention =
    args.deletedExperimentRetention ?? defaults.deletedExperimentRetention;
  const prepareDeletion = args.prepareDeletion ?? false;
  const [replicas, workers] = [
    args.replicas ?? defaults.replicas,
    args.workers ?? defaults.workers,
  ];
  const database = args.database?.name ?? databaseName(instanceName);
  const { description, costCenter, traceRetention, auditRetention } = args;
  return {
    instanceName,
    environment,
    team: args.team,
    owner: args.owner,
    ...(description === undefined ? {} : { description }),
    tier,
    ...(costCenter === undefined ? {} : { costCenter }),
    host: args.host ?? `${instanceName}.${platform.domain}`,
    extraAllowedHosts: args.extraAllowedHosts ?? [],
    mlflowVersion: platform.mlflowVersion ?? defaultMlflowVersion,
    replicas,
    workers,
    resources: { ...defaultResources(workers), ...args.resources },
    logLevel: args.logLevel ?? LogLevel.Info,
    temporaryStorage: args.temporaryStorage ?? defaults.temporaryStorage,
    artifactsAccess: args.artifactsAccess ?? ArtifactsAccess.Proxied,
    deletedExperimentRetention,
    ...(traceRetention === undefined ? {} : { traceRetention }),
    ...(auditRetention === undefined ? {} : { auditRetention }),
    staleRuns: resolveStaleRuns(args.staleRuns),
    maintenance: resolveMaintenance(instanceName, args.maintenance),
    // `prepareDeletion` is explicit enough: no other argument has to change, and taking it back brings
    // the guards back.
    protect: (args.protect ?? true) && !prepareDeletion,
    prepareDeletion,
    bucket: {
      name:
        args.bucket?.name ??
        `${objectStore.bucketPrefix ?? `mlflow-${environment}`}-${instanceName}`,
      // The same bound: what was removed for good must not lie around as an old version for longer.
      noncurrentVersionDays:
        args.bucket?.noncurrentVersionDays ?? parseDays(deletedExperimentRetention) ?? 30,
    },
    database: {
      name: database,
      role: args.database?.role ?? database,
      port: postgresql.port ?? 5432,
      characterType: postgresql.characterType ?? "C.UTF-8",
      sslMode: postgresql.sslMode ?? SslMode.VerifyFull,
      maxConnections: postgresql.maxConnections,
      connectionLimit:
        args.database?.connectionLimit ?? preferredConnections({ replicas, workers }),
    },
    tokens: args.tokens ?? [],
    workloads: args.workloads ?? [],
  };
}
