// The enums are `as const` objects and not string unions: the schema of a component package knows
// only the former.

/** A named set of defaults; every single one can be overridden. */
export const Tier = { Sandbox: "sandbox", Standard: "standard", Production: "production" } as const;
export type Tier = (typeof Tier)[keyof typeof Tier];

/** What the holder of an access token may do: read < edit < manage < admin. */
export const TokenRole = { Read: "read", Edit: "edit", Manage: "manage", Admin: "admin" } as const;
export type TokenRole = (typeof TokenRole)[keyof typeof TokenRole];

/** The CI system that defines the claims of a token. */
export const CiClaims = { Gitlab: "gitlab", Github: "github" } as const;
export type CiClaims = (typeof CiClaims)[keyof typeof CiClaims];

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
