import { ArtifactsAccess, LogLevel } from "../enums.ts";
import type {
  AccessToken,
  TokenDelivery,
  BucketCredentials,
  BucketSettings,
  DatabaseSettings,
  MaintenanceSettings,
  MlflowInstanceArgs,
  ServerResources,
  StaleRunsSettings,
} from "../mlflowInstanceArgs.ts";
import type { MonitoringSettings } from "../monitoringSettings.ts";
import type { MlflowPlatform } from "../mlflowPlatformArgs.ts";
import type {
  GatewaySettings,
  IngressSettings,
  IngressTls,
  NetworkSettings,
  ObjectStoreSettings,
  PodIdentity,
  PostgresqlSettings,
} from "../platformSettings.ts";
import type { TokenIssuer, Workload } from "../workloadSettings.ts";
import { idRules } from "./idRules.ts";
import {
  checkShape,
  count,
  flag,
  id,
  idOf,
  listOf,
  objectOf,
  oneText,
  required,
  text,
  type Fields,
  type Reports,
  type Shape,
} from "./shape.ts";

const objectStore: Fields<ObjectStoreSettings> = {
  endpoint: text,
  region: required(text),
  bucketPrefix: text,
  versioning: flag,
  lifecycle: flag,
  encryption: flag,
  kmsKeyArn: idOf(idRules.kmsKeyArn),
  publicAccessBlock: flag,
  objectOwnership: flag,
  storageClasses: text,
  tlsOnly: flag,
  denyOthers: flag,
  adminPrincipals: required(listOf(idOf(idRules.principal))),
};

const postgresql: Fields<PostgresqlSettings> = {
  host: required(idOf(idRules.databaseHost)),
  port: count,
  characterType: text,
  sslMode: text,
  maxConnections: required(count),
};

const tls: Fields<IngressTls> = {
  source: required(text),
  certificate: id,
  privateKey: { ...id, isSecret: true },
  clusterIssuer: text,
  secretName: text,
  certificateArn: idOf(idRules.certificateArn),
};

const gateway: Fields<GatewaySettings> = {
  name: required(text),
  namespace: required(text),
  listener: text,
  redirectListener: text,
  port: count,
  timeouts: flag,
};

const ingress: Fields<IngressSettings> = {
  className: text,
  gateway: objectOf<GatewaySettings>(gateway),
  tls: objectOf<IngressTls>(tls),
  controller: text,
  scheme: text,
  groupName: text,
  groupTemporaryStorage: text,
  dnsZoneId: idOf(idRules.dnsZoneId),
  annotations: { kind: "object" },
};

const cidr = idOf(idRules.cidr);

const network: Fields<NetworkSettings> = {
  databaseCidrs: required(listOf(cidr)),
  objectStoreCidrs: listOf(cidr),
  endpointCidrs: listOf(cidr),
  objectStorePort: count,
  ingressNamespace: text,
  ingressCidrs: listOf(cidr),
  dnsNamespace: text,
  dnsCidrs: listOf(cidr),
};

const platform: Fields<MlflowPlatform> = {
  domain: required(text),
  environment: text,
  image: required(idOf(idRules.text)),
  mlflowVersion: text,
  imagePullSecret: { ...id, isSecret: true },
  imagePullSecrets: listOf(text),
  objectStore: required(objectOf<ObjectStoreSettings>(objectStore)),
  podIdentity: objectOf<PodIdentity>({
    method: required(text),
    oidcProviderArn: idOf(idRules.oidcProviderArn),
    clusterName: idOf(idRules.clusterName),
    permissionsBoundaryArn: idOf(idRules.permissionsBoundaryArn),
    rolePath: text,
  }),
  postgresql: required(objectOf<PostgresqlSettings>(postgresql)),
  ingress: required(objectOf<IngressSettings>(ingress)),
  network: required(objectOf<NetworkSettings>(network)),
  monitoring: objectOf<MonitoringSettings>({ namespace: required(text), serviceMonitor: flag }),
  issuers: listOf(
    objectOf<TokenIssuer>({
      name: required(text),
      url: required(text),
      audience: text,
      keys: text,
      ci: text,
      cluster: flag,
      cidrs: listOf(cidr),
      port: count,
    }),
  ),
  caBundle: text,
};

const user: Shape = {
  ...objectOf<BucketCredentials>({
    accessKeyId: required(id),
    secretAccessKey: { ...required(id), isSecret: true },
    principal: id,
  }),
  mayBeOutput: true,
  isSecret: true,
};

/** The arguments of an instance, each with its kind. */
export const instanceShape = objectOf<MlflowInstanceArgs>({
  platform: required(objectOf<MlflowPlatform>(platform)),
  instanceName: text,
  team: required(text),
  owner: required(text),
  description: text,
  tier: text,
  costCenter: text,
  host: text,
  extraAllowedHosts: listOf(text),
  replicas: count,
  workers: count,
  resources: objectOf<ServerResources>({
    cpuRequest: text,
    cpuLimit: text,
    memoryRequest: text,
    memoryLimit: text,
  }),
  logLevel: oneText(LogLevel),
  temporaryStorage: text,
  artifactsAccess: oneText(ArtifactsAccess),
  deletedExperimentRetention: text,
  traceRetention: text,
  auditRetention: text,
  staleRuns: objectOf<StaleRunsSettings>({ after: text, idle: text }),
  maintenance: objectOf<MaintenanceSettings>({
    timeZone: text,
    retentionSchedule: text,
    staleRunsSchedule: text,
  }),
  protect: flag,
  prepareDeletion: flag,
  bucket: objectOf<BucketSettings>({
    name: text,
    formerPrincipals: listOf(id),
    noncurrentVersionDays: count,
    forceDestroy: flag,
  }),
  bucketCredentials: user,
  maintenanceCredentials: user,
  database: objectOf<DatabaseSettings>({ name: text, role: text, connectionLimit: count }),
  tokens: listOf(
    objectOf<AccessToken>({
      name: required(text),
      role: required(text),
      expires: required(text),
      generation: count,
      previousValidUntil: text,
      created: text,
      previousCreated: text,
      deliverTo: objectOf<TokenDelivery>({ namespace: required(text), name: required(text) }),
    }),
  ),
  workloads: listOf(
    objectOf<Workload>({
      name: required(text),
      issuer: required(text),
      role: required(text),
      match: required({ kind: "object" }),
    }),
  ),
});

/** Where an argument of before 2026-12 is now. */
function moved(path: string): string | undefined {
  const [first = "", second = ""] = path.split(".");
  if (path === "bucket.instancePrincipal") return "bucketCredentials.principal";
  if (path === "bucket.maintenancePrincipal") return "maintenanceCredentials.principal";
  if (first === "bucket" && second in objectStore) return `platform.objectStore.${second}`;
  if (first === "database" && second in postgresql) return `platform.postgresql.${second}`;
  return first in platform ? `platform.${first}` : undefined;
}

/** Reports what is missing, unknown or of another type, before anything looks into the arguments. */
export const checkShapeOfInstance = (
  args: unknown,
  reports: Pick<Reports, "report" | "reportValue">,
): void => {
  checkShape("", args, instanceShape, { ...reports, moved });
};
