import type { Input } from "@pulumi/pulumi";
import type { ArtifactsAccess, LogLevel, Tier, TokenRole } from "./enums.ts";
import type { MlflowPlatform } from "./mlflowPlatformArgs.ts";
import type { Workload } from "./workloadSettings.ts";

/**
 * Arguments of {@link MlflowInstance}. Plain values decide which resources exist, inputs only fill
 * them.
 */
export interface MlflowInstanceArgs {
  /** The platform under the instance; usually one value for all instances of a program. */
  platform: MlflowPlatform;
  /**
   * Name of the instance, `^[a-z][a-z0-9-]{1,38}[a-z0-9]$`. Namespace, host, bucket, database and
   * labels follow from it; changing it replaces everything, data included. Default: the name of the
   * component.
   */
  instanceName?: string;
  /**
   * Owning team, a label and tag on everything (1 to 63 characters of a Kubernetes label value).
   */
  team: string;
  /** Who answers for the instance, usually an e-mail address. */
  owner: string;
  /** What the instance is for, one sentence. Default: none. */
  description?: string;
  /** Set of defaults for replicas, workers, memory and retention. Default: `standard`. */
  tier?: Tier;
  /** Cost centre, a tag on the cloud resources. Default: none. */
  costCenter?: string;
  /**
   * Full host name under which the instance is reached, for example
   * `fraud-detector.mlflow.example.com`. Changing it changes the URL. Default:
   * `<instanceName>.<platform.domain>`.
   */
  host?: string;
  /**
   * Further `Host` values that the server accepts, port included where clients send one, for
   * example `localhost:15056` for a port-forward. Pages of these hosts may call the server, too.
   * Default: none.
   */
  extraAllowedHosts?: string[];
  /** Number of server pods. Default: by tier (sandbox and standard 1, production 2). */
  replicas?: number;
  /**
   * Number of uvicorn workers in one pod; each costs 30 MiB when idle and serves about ten requests
   * at once. Default: by tier (sandbox 1, standard and production 2).
   */
  workers?: number;
  /** CPU and memory of one pod. Default: from the number of workers and the measured memory. */
  resources?: ServerResources;
  /**
   * From which level on the server logs MLflow's own lines; requests and errors are logged whatever
   * it is. Default: `info`. A change restarts the pods.
   */
  logLevel?: LogLevel;
  /**
   * Size limit of the temporary volume. Artifacts are streamed past it; the idle time-out of the
   * load balancer follows from it, so raise it when the store takes long to join a very large file.
   * Default: by tier (5Gi, 10Gi, 20Gi).
   */
  temporaryStorage?: string;
  /** How clients move artifacts. Default: `proxied`. */
  artifactsAccess?: ArtifactsAccess;
  /**
   * Grace between the soft delete of an experiment, a run or a logged model and its final removal
   * from database and bucket, `1d` to `90d`. What a registered model version needs and what is
   * tagged `keep` stays for as long as it is. Default: by tier (sandbox 7d, else 30d).
   */
  deletedExperimentRetention?: string;
  /**
   * Age, in days from `7d` to `730d`, at which the retention job removes traces of active
   * experiments for good, rows and objects: MLflow has no deleted stage for them, so there is no
   * grace. A trace with the tag `keep`, or of an experiment or run that has it, stays, and so does
   * one of a run that a registered model version needs. Default: none, they stay. A change replaces
   * nothing and restarts no pod.
   */
  traceRetention?: string;
  /**
   * Age at which rows of the audit are removed from the instance's database, in days: `30d` to
   * `3650d`. Default: `180d`. A change replaces nothing and restarts the pods.
   */
  auditRetention?: string;
  /**
   * When a run that says nothing any more is set to FAILED; the tag `keep-running` exempts one.
   * Default: after 24h, idle for 6h.
   */
  staleRuns?: StaleRunsSettings;
  /**
   * When the maintenance jobs run. Default: retention once a night in UTC, stale runs hourly, at
   * minutes that follow from the instance's name.
   */
  maintenance?: MaintenanceSettings;
  /**
   * Whether bucket, database and roles are protected from deletion and kept when they leave the
   * program. Default: true. Set it to false only for disposable instances.
   */
  protect?: boolean;
  /**
   * The instance is about to be deleted: server, ingress and maintenance stop, a last dump of the
   * database is written to `final-dump/` in the bucket, and what holds data loses its protection,
   * whatever `protect` says. Access tokens, bucket and database stay as they are, so setting it
   * back to false brings the instance back. Only after that may the instance leave the program.
   * Default: false.
   */
  prepareDeletion?: boolean;
  /** The artifact bucket. */
  bucket?: BucketSettings;
  /**
   * The instance's own object store user; it reaches only this bucket. Its key is always handled as
   * a secret. Exactly one of this and `platform.podIdentity` has to be set. Default: none.
   */
  bucketCredentials?: Input<BucketCredentials>;
  /**
   * A second object store user, for the maintenance jobs: it removes objects and can't read
   * artifacts. Default: the instance's own, for a store that gives one user per bucket.
   */
  maintenanceCredentials?: Input<BucketCredentials>;
  /** The database in the backend store. */
  database?: DatabaseSettings;
  /** Access tokens; removing one revokes it. Default: none, and every request is refused. */
  tokens?: AccessToken[];
  /**
   * Workloads that are let in by a token of an issuer of the platform. The first one that is
   * declared, and the end of the last, restarts the pods; other changes do not. Default: none.
   */
  workloads?: Workload[];
}

/** An instance's bucket, as far as it isn't like all others of its platform. */
export interface BucketSettings {
  /**
   * Name of the bucket, 3 to 63 characters. Changing it replaces the bucket. Default:
   * `<platform.objectStore.bucketPrefix>-<instanceName>`.
   */
  name?: string;
  /**
   * Principals of the users whose keys `bucketCredentials` is replacing. They keep the instance's
   * rights, so pods that still use the old key work until they are replaced. Default: none.
   */
  formerPrincipals?: Input<string>[];
  /**
   * Days after which replaced or deleted versions of objects go for good. Default: those of
   * `deletedExperimentRetention`.
   */
  noncurrentVersionDays?: number;
  /**
   * Whether a bucket with objects in it may be deleted; never together with `protect`. Default:
   * true for what isn't protected, and always with `prepareDeletion`.
   */
  forceDestroy?: boolean;
}

/** A user of the object store. */
export interface BucketCredentials {
  /** Access key id. */
  accessKeyId: Input<string>;
  /** Secret access key. */
  secretAccessKey: Input<string>;
  /**
   * The user as the store's policies write it: readable in the bucket's policy, never a secret.
   * Default: `accessKeyId`.
   */
  principal?: Input<string>;
}

/** An instance's database, as far as it isn't like all others of its platform. */
export interface DatabaseSettings {
  /**
   * Name of the database, and of the role unless given; at most 52 characters, because the
   * maintenance roles append to it. Changing it replaces the database. Default:
   * `mlflow_<instanceName>`, with `_` for `-`.
   */
  name?: string;
  /** Name of the login role that owns the database. Default: the database's name. */
  role?: string;
  /**
   * Connections that the instance's server may hold at once, enforced by the role; maintenance may
   * hold 6 more. Default: what replicas, workers and the pool need.
   */
  connectionLimit?: number;
}

/**
 * A run in the state RUNNING for longer than `after`, with no newer metric, parameter, tag or
 * artifact for `idle`, is stale.
 */
export interface StaleRunsSettings {
  /** How long a run may be RUNNING before it is looked at, `1h` to `30d`. Default: `24h`. */
  after?: string;
  /**
   * For how long it must have said nothing, `1h` up to `after`. Default: `6h`, or `after` where
   * that is less.
   */
  idle?: string;
}

/** Schedules as Kubernetes takes them: five fields, or a word such as `@daily`. */
export interface MaintenanceSettings {
  /**
   * Time zone of the schedules, a name of the IANA list such as `Europe/Berlin`. Default:
   * `Etc/UTC`.
   */
  timeZone?: string;
  /**
   * When what was deleted longer ago than `deletedExperimentRetention` is removed. Default: once a
   * night between 1 and 5, at a time that follows from the instance's name.
   */
  retentionSchedule?: string;
  /**
   * When stale runs are looked for. Default: hourly, half an hour away from the minute of the
   * retention.
   */
  staleRunsSchedule?: string;
}

/** Kubernetes quantities of one server pod; what is left out follows from the number of workers. */
export interface ServerResources {
  /** Guaranteed CPU, for example `250m`. Default: 150m and 100m for each worker. */
  cpuRequest?: string;
  /** Ceiling of CPU. Default: none, because throttling hurts latency more than sharing does. */
  cpuLimit?: string;
  /** Guaranteed memory, for example `512Mi`. Default: 256Mi and 128Mi for each worker. */
  memoryRequest?: string;
  /**
   * Ceiling of memory; above it the pod is killed. At least `256Mi`, which the server needs to start.
   * Default: twice the default request.
   */
  memoryLimit?: string;
}

/** A declared access token; each generation of it has a value of its own. */
export interface AccessToken {
  /**
   * Name, unique in the instance, `^[a-z][a-z0-9-]{0,38}[a-z0-9]$`. Changing it makes a new token
   * and revokes the old.
   */
  name: string;
  /** What its holder may do. */
  role: TokenRole;
  /** Last day on which it is valid, `YYYY-MM-DD`, through the end of that day in UTC. */
  expires: string;
  /**
   * Which value of the token this is, a whole number from 1 to 9999. The next number makes a new
   * value; the previous one is refused within seconds, or after `previousValidUntil`. Default: 1.
   */
  generation?: number;
  /**
   * Last day on which the value of the generation before is valid too, `YYYY-MM-DD`, through the end
   * of that day in UTC and not after `expires`. Default: none, the value before is revoked.
   */
  previousValidUntil?: string;
  /**
   * Day on which its present value was made, `YYYY-MM-DD`. Policies count the value's life from it.
   * Default: not known, and a life counts from the day of the update.
   */
  created?: string;
  /** The same of the value before. Default: not known. */
  previousCreated?: string;
  /**
   * Secret in which its present value is delivered to workloads of the cluster, as MLflow's
   * credentials file. The client reads the file for each request, so a mounted one takes a long
   * training through a rotation. Another place makes a new Secret. Default: none.
   */
  deliverTo?: TokenDelivery;
}

/** A Secret in another namespace, with the keys `credentials` and `tracking-uri`. */
export interface TokenDelivery {
  /** Namespace of the workloads; it has to exist. A change replaces the Secret. */
  namespace: string;
  /** Name of the Secret; nothing else may have it. A change replaces the Secret. */
  name: string;
}
