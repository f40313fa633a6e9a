import { databaseName, instanceProblems, type MlflowInstanceArgs } from "@mlflow-instances/components";
import { databaseAuthorities } from "../platforms/authorities.ts";
import { optionalSecret, secret, type KeyPair, type StoreKey } from "../config.ts";
import { connectionLimit, type Environment, type Platform } from "../environment.ts";
import type { InstanceSpec } from "./instance.ts";
import type { Resources } from "../realize/resources.ts";
import { clusterNameOf, type AwsPlatform } from "../platforms/aws.ts";
import type { ExistingPlatform } from "../platforms/existing.ts";
import { cidrOfHost, hostOfUrl } from "../platforms/shared.ts";

// The version that images/tracking-server pins; an environment with an image of its own says what is in it.
const defaultMlflowVersion = "3.17.2";

/** What an instance gets besides its spec and its environment. */
export interface Given {
  readonly database: Resources["database"];
  /** Its users of the object store; on AWS it has roles instead. */
  readonly key: StoreKey | undefined;
}

/** The component's arguments for one instance: its spec on its environment. */
export function instanceArgs(environment: Environment, spec: InstanceSpec, { database, key }: Given): MlflowInstanceArgs {
  const { platform, artifacts } = environment;
  const ofKind = platform.kind === "existing" ? existingArgs(platform, key!) : awsArgs(platform);
  const caBundle = databaseAuthorities(platform);
  const pullSecret = optionalSecret("imagePullSecret");
  return {
    instanceName: spec.name,
    team: spec.team,
    owner: spec.owner,
    description: spec.description,
    environment: spec.environment,
    tier: spec.tier,
    ...(spec.costCenter === undefined ? {} : { costCenter: spec.costCenter }),
    host: spec.host,
    image: platform.image,
    ...(pullSecret === undefined ? {} : { imagePullSecret: pullSecret }),
    ...(platform.imagePullSecrets === undefined ? {} : { imagePullSecrets: [...platform.imagePullSecrets] }),
    mlflowVersion: platform.mlflowVersion ?? defaultMlflowVersion,
    replicas: spec.replicas,
    workers: spec.workers,
    resources: { cpuRequest: spec.cpu, memoryRequest: spec.memory.request, memoryLimit: spec.memory.limit },
    temporaryStorage: spec.temporaryStorage,
    ...(spec.extraAllowedHosts.length === 0 ? {} : { extraAllowedHosts: spec.extraAllowedHosts }),
    artifactsAccess: artifacts.access,
    deletedExperimentRetention: spec.deletedExperimentRetention,
    ...(spec.traceRetention === undefined ? {} : { traceRetention: spec.traceRetention }),
    staleRuns: { ...spec.staleRuns },
    maintenance: { ...spec.maintenance },
    protect: spec.protect,
    prepareDeletion: spec.deletion,
    ...ofKind,
    // Without protection, taking an instance away is meant to take its data along.
    bucket: { name: spec.bucket, forceDestroy: !spec.protect, ...ofKind.bucket },
    database: {
      name: databaseName(spec.name),
      ...database,
      ...serverArgs(platform),
      maxConnections: connectionLimit(platform).maxConnections,
      connectionLimit: spec.databaseConnections,
    },
    ...(caBundle === undefined ? {} : { caBundle }),
    tokens: spec.tokens.map(({ name, role, expires }) => ({ name, role, expires })),
  };
}

/**
 * What the component would refuse although config and files seem right. Asked before the first resource, because the component asks when others are registered
 * already; where the server answers, which nobody knows by then, is of no matter to it.
 */
export const refusedArguments = (environment: Environment, specs: readonly InstanceSpec[], keys: ReadonlyMap<string, StoreKey>): string[] =>
  specs.flatMap((spec) =>
    instanceProblems(
      instanceArgs(environment, spec, { database: { host: "postgresql.invalid", port: 5432 }, key: keys.get(spec.name) }),
    ).map(({ propertyPath, reason }) => `instance ${spec.name}: ${propertyPath} ${reason}`),
  );

interface OfKind extends Pick<MlflowInstanceArgs, "bucketCredentials" | "maintenanceCredentials" | "podIdentity" | "ingress" | "network"> {
  bucket: Omit<MlflowInstanceArgs["bucket"], "name">;
}

function existingArgs({ objectStore, postgresql, ingress, network }: ExistingPlatform, key: StoreKey): OfKind {
  const { features } = objectStore;
  const format = (accessKeyId: string) => (objectStore.principalFormat ?? "{accessKeyId}").replaceAll("{accessKeyId}", accessKeyId);
  const principal = ({ accessKeyId, principal: given }: KeyPair) => given ?? accessKeyId.apply(format);
  return {
    bucket: {
      endpoint: objectStore.endpoint,
      region: objectStore.region,
      versioning: features.versioning,
      lifecycle: features.lifecycle,
      encryption: features.encryption,
      publicAccessBlock: features.publicAccessBlock,
      objectOwnership: features.objectOwnership,
      tlsOnly: features.policyConditions,
      denyOthers: objectStore.openByDefault ?? false,
      instancePrincipal: principal(key),
      ...(key.former === undefined ? {} : { formerPrincipals: [...key.former] }),
      ...(key.maintenance === undefined ? {} : { maintenancePrincipal: principal(key.maintenance) }),
      adminPrincipals: [objectStore.adminPrincipal ?? format(objectStore.accessKeyId)],
    },
    bucketCredentials: credentials(key),
    ...(key.maintenance === undefined ? {} : { maintenanceCredentials: credentials(key.maintenance) }),
    ingress: {
      className: ingress.className,
      ...(ingress.controller === undefined ? {} : { controller: ingress.controller }),
      tls: tlsArgs(ingress.tls),
    },
    network: {
      // The environment's check guarantees an address or explicit ranges.
      databaseCidrs: network?.databaseCidrs ?? [cidrOfHost(postgresql.host)!],
      objectStoreCidrs: network?.objectStoreCidrs ?? [cidrOfHost(hostOfUrl(objectStore.endpoint))!],
      ...waysIn(ingress, network),
    },
  };
}

const credentials = ({ accessKeyId, secretAccessKey }: KeyPair) => ({ accessKeyId, secretAccessKey });

function awsArgs(platform: AwsPlatform): OfKind {
  const { region, vpc, artifactStore, ingress, network, permissionsBoundaryArn } = platform;
  const endpoint = artifactStore?.endpoints?.s3;
  const { className, controller, scheme, groupName, groupTemporaryStorage, dnsZoneId, tls } = ingress;
  // A load balancer of the VPC connects to the pods itself, from any of its subnets.
  const controllerCidrs = ingress.controllerCidrs ?? (controller === "alb" ? vpc.cidrs : undefined);
  const objectStoreCidrs = network?.objectStoreCidrs ?? (endpoint === undefined ? undefined : vpc.cidrs);
  return {
    bucket: {
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(artifactStore?.kmsKeyArn === undefined ? {} : { kmsKeyArn: artifactStore.kmsKeyArn }),
      ...(artifactStore?.storageClasses === undefined ? {} : { storageClasses: artifactStore.storageClasses }),
      adminPrincipals: platform.adminRoleArns,
    },
    podIdentity: {
      ...(platform.podIdentity.irsa === undefined
        ? { method: "podIdentity", clusterName: clusterNameOf(platform)! }
        : { method: "irsa", oidcProviderArn: platform.podIdentity.irsa.oidcProviderArn }),
      ...(permissionsBoundaryArn === undefined ? {} : { permissionsBoundaryArn }),
    },
    ingress: {
      className,
      controller,
      ...(scheme === undefined ? {} : { scheme }),
      ...(groupName === undefined ? {} : { groupName }),
      ...(groupTemporaryStorage === undefined ? {} : { groupTemporaryStorage }),
      ...(dnsZoneId === undefined ? {} : { dnsZoneId }),
      tls: tlsArgs(tls),
    },
    network: {
      databaseCidrs: network?.databaseCidrs ?? databaseCidrs(platform),
      ...(objectStoreCidrs === undefined ? {} : { objectStoreCidrs }),
      // Where interface endpoints of S3 and STS answer, if the VPC has any: their names then mean addresses in it.
      endpointCidrs: vpc.cidrs,
      ...waysIn({ ...ingress, controllerCidrs }, network),
    },
  };
}

// A server made here is in the VPC; of a given one the environment's check guarantees an address or explicit ranges.
const databaseCidrs = ({ database, vpc }: AwsPlatform): string[] =>
  database.rds === undefined ? [cidrOfHost(database.given.host)!] : vpc.cidrs;

// What a NetworkPolicy is told alike on every platform.
function waysIn(ingress: Partial<Pick<Platform["ingress"], "controllerNamespace" | "controllerCidrs">>, network: Platform["network"]) {
  return {
    ...(ingress.controllerNamespace === undefined ? {} : { ingressNamespace: ingress.controllerNamespace }),
    ...(ingress.controllerCidrs === undefined ? {} : { ingressCidrs: ingress.controllerCidrs }),
    ...(network?.dnsNamespace === undefined ? {} : { dnsNamespace: network.dnsNamespace }),
    ...(network?.dnsCidrs === undefined ? {} : { dnsCidrs: network.dnsCidrs }),
  };
}

function serverArgs(platform: Platform): Pick<MlflowInstanceArgs["database"], "sslMode" | "characterType"> {
  // The servers that RDS runs are signed by authorities that are known here, so nothing less than a full check makes sense; and they have no C.UTF-8.
  const ofRds = { sslMode: "verify-full", characterType: "en_US.UTF-8" } as const;
  if (platform.kind === "aws" && platform.database.rds !== undefined) return ofRds;
  const { sslMode, characterType } = platform.kind === "aws" ? { ...ofRds, ...platform.database.given } : platform.postgresql;
  return { sslMode, ...(characterType === undefined ? {} : { characterType }) };
}

function tlsArgs(tls: Platform["ingress"]["tls"]): MlflowInstanceArgs["ingress"]["tls"] {
  switch (tls.source) {
    case "pem":
      return { source: tls.source, certificate: secret("tlsCertificate"), privateKey: secret("tlsPrivateKey") };
    case "certManager":
      return { source: tls.source, clusterIssuer: tls.clusterIssuer };
    case "secret":
      return { source: tls.source, secretName: tls.name };
    case "acm":
      return { source: tls.source, certificateArn: tls.certificateArn };
  }
}
