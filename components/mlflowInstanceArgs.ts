import type { Input } from "@pulumi/pulumi";

// The enums are `as const` objects and not string unions: the schema of a component package knows
// only the former.

/** A named set of defaults; every single one can be overridden. */
export const Tier = { Sandbox: "sandbox", Standard: "standard", Production: "production" } as const;
export type Tier = (typeof Tier)[keyof typeof Tier];

/** What the holder of an access token may do: read < edit < manage < admin. */
export const TokenRole = { Read: "read", Edit: "edit", Manage: "manage", Admin: "admin" } as const;
export type TokenRole = (typeof TokenRole)[keyof typeof TokenRole];

/**
 * How clients move artifacts: through the tracking server, or directly to the object store by
 * presigned URLs.
 */
export const ArtifactsAccess = { Proxied: "proxied", Presigned: "presigned" } as const;
export type ArtifactsAccess = (typeof ArtifactsAccess)[keyof typeof ArtifactsAccess];

/** From which level on MLflow's own lines are logged. */
export const LogLevel = {
  Debug: "debug",
  Info: "info",
  Warning: "warning",
  Error: "error",
} as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** libpq's `sslmode`; `verify-full` checks certificate and host name. */
export const SslMode = {
  Disable: "disable",
  Require: "require",
  VerifyCa: "verify-ca",
  VerifyFull: "verify-full",
} as const;
export type SslMode = (typeof SslMode)[keyof typeof SslMode];

/** Where the ingress certificate comes from. */
export const TlsSource = {
  Pem: "pem",
  CertManager: "certManager",
  Secret: "secret",
  Acm: "acm",
} as const;
export type TlsSource = (typeof TlsSource)[keyof typeof TlsSource];

/**
 * How pods prove to AWS who they are: by the cluster's OIDC issuer (IAM roles for service
 * accounts), or by the agent of EKS Pod Identity.
 */
export const PodIdentityMethod = { Irsa: "irsa", PodIdentity: "podIdentity" } as const;
export type PodIdentityMethod = (typeof PodIdentityMethod)[keyof typeof PodIdentityMethod];

/** What becomes of artifacts that lie untouched; every class can be read at once. */
export const StorageClasses = {
  Standard: "standard",
  Transitions: "transitions",
  IntelligentTiering: "intelligentTiering",
} as const;
export type StorageClasses = (typeof StorageClasses)[keyof typeof StorageClasses];

/** The controller behind an IngressClass, whose annotations the instance's ingress needs. */
export const IngressController = { Alb: "alb", Traefik: "traefik", Nginx: "nginx" } as const;
export type IngressController = (typeof IngressController)[keyof typeof IngressController];

/** From where a load balancer of AWS can be reached. */
export const LoadBalancerScheme = {
  Internal: "internal",
  InternetFacing: "internetFacing",
} as const;
export type LoadBalancerScheme = (typeof LoadBalancerScheme)[keyof typeof LoadBalancerScheme];

/**
 * Arguments of {@link MlflowInstance}. Plain values decide which resources exist, inputs only fill
 * them.
 */
export interface MlflowInstanceArgs {
  /**
   * Name of the instance, `^[a-z][a-z0-9-]{1,38}[a-z0-9]$`. Namespace and labels follow from it;
   * changing it replaces everything, data included.
   */
  instanceName: string;
  /**
   * Owning team, a label and tag on everything (1 to 63 characters of a Kubernetes label value).
   */
  team: string;
  /** Who answers for the instance, usually an e-mail address. */
  owner: string;
  /** What the instance is for, one sentence. Default: none. */
  description?: string;
  /** Name of the environment (the stack), a label and tag on everything. */
  environment: string;
  /** Set of defaults for replicas, workers, memory and retention. */
  tier: Tier;
  /** Cost centre, a tag on the cloud resources. Default: none. */
  costCenter?: string;
  /**
   * Full host name under which the instance is reached, for example
   * `fraud-detector.mlflow.example.com`. Changing it changes the URL.
   */
  host: string;
  /**
   * Further `Host` values that the server accepts, port included where clients send one, for
   * example `localhost:15056` for a port-forward. Pages of these hosts may call the server, too.
   * Default: none.
   */
  extraAllowedHosts?: string[];
  /**
   * Reference of the tracking server's image, best with a digest. A change migrates the schema and
   * rolls the pods.
   */
  image: Input<string>;
  /**
   * Credentials of the registry of `image`, as the text of a `config.json` of Docker (`{"auths":
   * …}`). They become a Secret in the instance's namespace that every pod names. Always handled as
   * a secret; a change restarts no pod. Default: none, the nodes can pull the image.
   */
  imagePullSecret?: Input<string>;
  /**
   * Names of Secrets of type `kubernetes.io/dockerconfigjson` that something else puts into the
   * instance's namespace; every pod names them. Default: none.
   */
  imagePullSecrets?: string[];
  /**
   * MLflow version inside the image, `3.17.0` or later (older ones have known holes). Never lower
   * it: schemas don't go back.
   */
  mlflowVersion: string;
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
   * program. Default: true; only what nobody would miss is false.
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
  bucket: BucketSettings;
  /**
   * Key pair of the instance's own object store user; it reaches only this bucket. Always handled
   * as a secret. Exactly one of this and `podIdentity` has to be set. Default: none.
   */
  bucketCredentials?: Input<BucketCredentials>;
  /**
   * Key pair of a second object store user, `bucket.maintenancePrincipal`, for the maintenance
   * jobs: it removes objects and can't read artifacts. Default: the instance's own, for a store
   * that gives one user per bucket.
   */
  maintenanceCredentials?: Input<BucketCredentials>;
  /**
   * Roles of AWS IAM instead of keys: they are made with the instance, and its pods take them on.
   * Default: none.
   */
  podIdentity?: PodIdentity;
  /** The backend store. */
  database: DatabaseSettings;
  /**
   * PEM bundle of the authorities that signed the object store's and the database's certificates;
   * with `podIdentity` only the database's, because the services of AWS have public ones. Default:
   * those of the image.
   */
  caBundle?: string;
  /** How the instance is reached from outside. */
  ingress: IngressSettings;
  /** What the pods may talk to; everything else is denied. */
  network: NetworkSettings;
  /** Access tokens; removing one revokes it. Default: none (nobody can use the instance). */
  tokens?: AccessToken[];
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
  /** Ceiling of memory; above it the pod is killed. Default: twice the default request. */
  memoryLimit?: string;
}

/** How pods prove to AWS who they are; no key exists. */
export interface PodIdentity {
  /**
   * The mechanism of the cluster. Changing it changes who may take on the roles, and rolls the
   * pods.
   */
  method: PodIdentityMethod;
  /**
   * Method `irsa`, exactly then: ARN of the cluster's OIDC provider in IAM,
   * `arn:aws:iam::123456789012:oidc-provider/oidc.eks…`.
   */
  oidcProviderArn?: string;
  /**
   * Method `podIdentity`, exactly then: name of the EKS cluster, which has to run the add-on
   * `eks-pod-identity-agent`.
   */
  clusterName?: string;
  /** ARN of a policy that bounds what the roles may ever do. Default: none. */
  permissionsBoundaryArn?: string;
  /**
   * Path of the roles in IAM, beginning and ending with `/`. Default: `/mlflow-instances/`.
   * Changing it replaces the roles.
   */
  rolePath?: string;
}

/** The artifact bucket and what its object store can do. */
export interface BucketSettings {
  /** Name of the bucket, 3 to 63 characters. Changing it replaces the bucket. */
  name: string;
  /** URL of an S3-compatible store, for example `https://s3.example.com:7070`. Default: AWS S3. */
  endpoint?: string;
  /** Region that requests are signed for. */
  region: string;
  /** Whether the store keeps versions of objects. Default: true. */
  versioning?: boolean;
  /** Whether the store runs lifecycle rules. Default: true. */
  lifecycle?: boolean;
  /** Whether the store encrypts by default. Default: true. */
  encryption?: boolean;
  /**
   * ARN of a KMS key in the bucket's region that encrypts objects, `arn:aws:kms:…:key/…`. Default:
   * the store's own key.
   */
  kmsKeyArn?: string;
  /** Whether the store can block public access as a whole. Default: true. */
  publicAccessBlock?: boolean;
  /**
   * Whether the store can give all objects to the bucket's owner, which switches ACLs off. Default:
   * true.
   */
  objectOwnership?: boolean;
  /**
   * What becomes of artifacts that lie untouched: `transitions` moves them to STANDARD_IA after 90
   * days and to GLACIER_IR after 365, `intelligentTiering` leaves it to the store from the first
   * day on. Needs `lifecycle`. Default: `standard` (they stay).
   */
  storageClasses?: StorageClasses;
  /**
   * Whether the policy refuses plain HTTP; the store must know the condition `aws:SecureTransport`.
   * Default: true.
   */
  tlsOnly?: boolean;
  /**
   * Whether the policy also refuses everybody who isn't named; needed where something grants access
   * besides it: identity policies (AWS; by `aws:PrincipalArn`), or a store that lets each key of a
   * project do everything (with `endpoint`; by principal, and the instance's own users are refused
   * what they aren't granted). Default: true with `podIdentity`, else false.
   */
  denyOthers?: boolean;
  /**
   * Principal of the user of `bucketCredentials`, as the store's policies write it; set exactly
   * together with them. Default: the ARN of the role of `podIdentity`.
   */
  instancePrincipal?: Input<string>;
  /**
   * Principals of the users whose keys `bucketCredentials` is replacing. They keep the instance's
   * rights, so pods that still use the old key work until they are replaced. Default: none.
   */
  formerPrincipals?: Input<string>[];
  /**
   * Principal of `maintenanceCredentials`; set exactly together with it. Default:
   * `instancePrincipal`.
   */
  maintenancePrincipal?: Input<string>;
  /**
   * Principals that administer the bucket (on AWS the ARNs of roles); who isn't named loses access.
   * Who runs Pulumi belongs here.
   */
  adminPrincipals: Input<string>[];
  /**
   * Days after which replaced or deleted versions of objects go for good. Default: those of
   * `deletedExperimentRetention`.
   */
  noncurrentVersionDays?: number;
  /**
   * Whether a bucket with objects in it may be deleted; never together with `protect`. Default:
   * false, and true with `prepareDeletion`.
   */
  forceDestroy?: boolean;
}

/** Key pair of an object store user. */
export interface BucketCredentials {
  /** Access key id. */
  accessKeyId: Input<string>;
  /** Secret access key. */
  secretAccessKey: Input<string>;
}

/** The instance's database on a PostgreSQL server that others share. */
export interface DatabaseSettings {
  /**
   * Name of the database, and of the role unless given; at most 52 characters, because the
   * maintenance roles append to it. Changing it replaces the database.
   */
  name: string;
  /** Name of the login role that owns the database. Default: the database's name. */
  role?: string;
  /** Host of the server as the pods reach it. */
  host: Input<string>;
  /** Port of the server. Default: 5432. */
  port?: number;
  /**
   * Locale of the server's operating system by which it tells letters and their case apart
   * (LC_CTYPE); text is sorted by its code points whatever this is. RDS knows `en_US.UTF-8` and not
   * the default. Default: `C.UTF-8`. Changing it replaces the database.
   */
  characterType?: string;
  /** TLS mode of the server's connections. Default: `verify-full`. */
  sslMode?: SslMode;
  /** `max_connections` of the server; what the instance may take has to fit. */
  maxConnections: number;
  /**
   * Connections that the instance's server may hold at once, enforced by the role; maintenance may
   * hold 6 more. Default: what replicas, workers and the pool need.
   */
  connectionLimit?: number;
}

/** Host, certificate and class of the ingress. */
export interface IngressSettings {
  /** IngressClass that serves the instance. */
  className: string;
  /** The certificate. */
  tls: IngressTls;
  /**
   * The controller behind the class; its annotations set scheme, time-outs and body size. Default:
   * unknown, and the annotations of Traefik and NGINX, which ignore each other's.
   */
  controller?: IngressController;
  /**
   * Controller `alb`: from where the load balancer can be reached. Default: `internal`. Changing it
   * replaces the load balancer, and its address.
   */
  scheme?: LoadBalancerScheme;
  /**
   * Controller `alb`: instances with the same name share one load balancer; whoever may write it
   * into an ingress gets into the group. Default: one for this instance.
   */
  groupName?: string;
  /**
   * With `groupName`: the largest `temporaryStorage` of the group's instances, the same in all of
   * them, because their load balancer has one idle time-out. Default: `20Gi`.
   */
  groupTemporaryStorage?: string;
  /**
   * Route 53 hosted zone in which the host becomes a record that follows the ingress's load
   * balancer, `Z…`. Default: no record is made.
   */
  dnsZoneId?: string;
  /** Further annotations for the ingress controller. Default: none. */
  annotations?: Record<string, string>;
}

/** Exactly the fields of the chosen source have to be set. */
export interface IngressTls {
  /** Where the certificate comes from. */
  source: TlsSource;
  /** Source `pem`: certificate chain. */
  certificate?: Input<string>;
  /** Source `pem`: private key. Always handled as a secret. */
  privateKey?: Input<string>;
  /** Source `certManager`: name of the ClusterIssuer. */
  clusterIssuer?: string;
  /**
   * Source `secret`: name of a TLS secret that something else puts into the instance's namespace.
   */
  secretName?: string;
  /**
   * Source `acm`, with controller `alb`: ARN of the certificate in AWS Certificate Manager, which
   * covers the host.
   */
  certificateArn?: string;
}

/** Openings in the default-deny policies, as CIDRs: a NetworkPolicy knows no names. */
export interface NetworkSettings {
  /** Where PostgreSQL answers. */
  databaseCidrs: string[];
  /**
   * Where the object store answers, and with `podIdentity` and method `irsa` the token service
   * (STS), too. Default, without `bucket.endpoint` only: every public address, because those of AWS
   * change and a gateway endpoint keeps them.
   */
  objectStoreCidrs?: string[];
  /**
   * Ranges of the VPC in which interface endpoints of S3 and STS answer, on top of
   * `objectStoreCidrs`, on port 443. Default: none.
   */
  endpointCidrs?: string[];
  /** Port of the object store. Default: the endpoint's, else 443. */
  objectStorePort?: number;
  /** Namespace of the ingress controller's pods. Default: none. */
  ingressNamespace?: string;
  /** Addresses from which an ingress controller outside the pod network connects. Default: none. */
  ingressCidrs?: string[];
  /** Namespace of the cluster's DNS pods. Default: `kube-system`. */
  dnsNamespace?: string;
  /**
   * Addresses of a DNS server outside the pod network (a node-local cache, for example). Default:
   * none.
   */
  dnsCidrs?: string[];
}

/** A declared access token; its value is generated once. */
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
}
