/**
 * Rule of instance names; namespace, database, bucket and host follow from it and stay within their
 * own limits (63 characters).
 */
export const instanceNamePattern = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/;

/** Rule of access token names: part of a logical name, and shown in logs and audits. */
export const tokenNamePattern = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/;

/**
 * The logical names of all resources, in one table: they are a contract with every existing state.
 * A rename ships with an alias (`aliases: [{ name: <old> }]`) and an upgrade test, or it replaces
 * the resource and, for a bucket or a database, loses its data.
 */
export const nouns = {
  namespace: "namespace",
  resourceQuota: "quota",
  pullSecret: "pull-secret",
  defaultDeny: "default-deny",
  serverPolicy: "server-network",
  migrationPolicy: "migration-network",
  maintenancePolicy: "maintenance-network",
  finalDumpPolicy: "final-dump-network",
  bucket: "bucket",
  bucketVersioning: "bucket-versioning",
  bucketEncryption: "bucket-encryption",
  bucketPublicAccessBlock: "bucket-public-access",
  bucketOwnership: "bucket-ownership",
  bucketLifecycle: "bucket-lifecycle",
  bucketPolicy: "bucket-policy",
  databasePassword: "database-password",
  databaseRole: "database-role",
  database: "database",
  databaseNoPublic: "database-no-public",
  retentionPassword: "retention-password",
  retentionRole: "retention-role",
  retentionConnect: "retention-connect",
  staleRunsPassword: "stale-runs-password",
  staleRunsRole: "stale-runs-role",
  staleRunsConnect: "stale-runs-connect",
  token: "token",
  tokenHashes: "token-hashes",
  serviceAccount: "service-account",
  serverKey: "server-key",
  credentials: "credentials",
  caBundle: "ca-bundle",
  migration: "migration",
  server: "server",
  service: "service",
  disruptionBudget: "disruption-budget",
  certificate: "certificate",
  ingress: "ingress",
  route: "route",
  redirectRoute: "redirect-route",
  listenerSet: "listener-set",
  retentionAccount: "retention-account",
  retentionCredentials: "retention-credentials",
  retention: "retention",
  staleRunsAccount: "stale-runs-account",
  staleRunsCredentials: "stale-runs-credentials",
  staleRuns: "stale-runs",
  finalDumpAccount: "final-dump-account",
  finalDump: "final-dump",
  serverRole: "server-role",
  serverRolePolicy: "server-role-policy",
  maintenanceRole: "maintenance-role",
  maintenanceRolePolicy: "maintenance-role-policy",
  serverAssociation: "server-association",
  retentionAssociation: "retention-association",
  staleRunsAssociation: "stale-runs-association",
  finalDumpAssociation: "final-dump-association",
  dnsRecord: "dns-record",
  serviceMonitor: "service-monitor",
} as const;

export type Noun = keyof typeof nouns;

export function logicalName(name: string, noun: Noun): string {
  return `${name}-${nouns[noun]}`;
}

/**
 * The generation is part of the name and not a keeper: while a token is rotated, the value of the
 * generation before stays a resource of its own for as long as it is valid.
 */
export function tokenLogicalName(name: string, token: string, generation: number): string {
  return `${logicalName(name, "token")}-${token}-g${generation}`;
}

export const deliveryLogicalName = (name: string, token: string): string =>
  `${logicalName(name, "token")}-${token}-delivery`;

/** Name of the listener for HTTPS where none is given: the one that most guides of controllers use. */
export const defaultListener = "https";

/** Names inside the instance's own namespace can be short and the same everywhere. */
export const objectNames = {
  server: "mlflow",
  service: "mlflow",
  ingress: "mlflow",
  route: "mlflow",
  redirectRoute: "mlflow-redirect",
  listenerSet: "mlflow",
  serviceAccount: "mlflow",
  disruptionBudget: "mlflow",
  serviceMonitor: "mlflow",
  quota: "mlflow",
  pullSecret: "mlflow-image-pull",
  tokenHashes: "mlflow-tokens",
  issuedCertificate: "mlflow-tls",
  defaultDeny: "default-deny",
  serverPolicy: "tracking-server",
  migrationPolicy: "migration",
  maintenancePolicy: "maintenance",
  finalDumpPolicy: "final-dump",
  retention: "retention",
  staleRuns: "stale-runs",
  finalDump: "final-dump",
} as const;

export function namespaceName(instanceName: string): string {
  return `mlflow-${instanceName}`;
}

/** Database and role: PostgreSQL names with a dash would need quotes everywhere. */
export function databaseName(instanceName: string): string {
  return `mlflow_${instanceName.replaceAll("-", "_")}`;
}

/** The roles of the maintenance jobs, which may do much less than the database's owner. */
export function maintenanceRoleNames(database: string): { retention: string; staleRuns: string } {
  return { retention: `${database}_retention`, staleRuns: `${database}_stale_runs` };
}
