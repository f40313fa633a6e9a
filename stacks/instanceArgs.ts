import { databaseName, type MlflowInstanceArgs } from "@mlflow-instances/components";
import { secret, type StoreKey } from "./config.ts";
import { cidrOfHost, hostOfUrl, type Environment } from "./environment.ts";
import type { InstanceSpec } from "./instance.ts";

// The version that images/tracking-server pins; an environment with an image of its own says what is in it.
const defaultMlflowVersion = "3.17.2";

/** The component's arguments for one instance: its spec on its environment. */
export function instanceArgs({ platform, artifacts }: Environment, spec: InstanceSpec, key: StoreKey): MlflowInstanceArgs {
  const { objectStore, postgresql, ingress, network } = platform;
  const principal = (accessKeyId: string) => (objectStore.principalFormat ?? "{accessKeyId}").replaceAll("{accessKeyId}", accessKeyId);
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
    mlflowVersion: platform.mlflowVersion ?? defaultMlflowVersion,
    replicas: spec.replicas,
    workers: spec.workers,
    resources: { cpuRequest: spec.cpu, memoryRequest: spec.memory.request, memoryLimit: spec.memory.limit },
    temporaryStorage: spec.temporaryStorage,
    artifactsAccess: artifacts.access,
    deletedExperimentRetention: spec.deletedExperimentRetention,
    staleRuns: { ...spec.staleRuns },
    maintenance: { ...spec.maintenance },
    protect: spec.protect,
    prepareDeletion: spec.deletion,
    bucket: {
      name: spec.bucket,
      endpoint: objectStore.endpoint,
      region: objectStore.region,
      versioning: objectStore.versioning,
      lifecycle: objectStore.lifecycle,
      encryption: objectStore.encryption,
      publicAccessBlock: objectStore.publicAccessBlock,
      tlsOnly: objectStore.policyConditions ?? true,
      instancePrincipal: key.accessKeyId.apply(principal),
      ...(key.maintenance === undefined ? {} : { maintenancePrincipal: key.maintenance.accessKeyId.apply(principal) }),
      // Without protection, taking an instance away is meant to take its data along.
      forceDestroy: !spec.protect,
      adminPrincipals: [principal(objectStore.accessKeyId)],
    },
    bucketCredentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey },
    ...(key.maintenance === undefined ? {} : { maintenanceCredentials: key.maintenance }),
    database: {
      name: databaseName(spec.name),
      host: postgresql.host,
      port: postgresql.port,
      sslMode: postgresql.sslMode,
      maxConnections: postgresql.maxConnections,
      connectionLimit: spec.databaseConnections,
    },
    ...(platform.caBundle === undefined ? {} : { caBundle: platform.caBundle }),
    ingress: { className: ingress.className, tls: tlsArgs(ingress.tls) },
    network: {
      // The environment's check guarantees an address or explicit ranges.
      databaseCidrs: network?.databaseCidrs ?? [cidrOfHost(postgresql.host)!],
      objectStoreCidrs: network?.objectStoreCidrs ?? [cidrOfHost(hostOfUrl(objectStore.endpoint))!],
      ...(ingress.controllerNamespace === undefined ? {} : { ingressNamespace: ingress.controllerNamespace }),
      ...(ingress.controllerCidrs === undefined ? {} : { ingressCidrs: ingress.controllerCidrs }),
      ...(network?.dnsNamespace === undefined ? {} : { dnsNamespace: network.dnsNamespace }),
      ...(network?.dnsCidrs === undefined ? {} : { dnsCidrs: network.dnsCidrs }),
    },
    tokens: spec.tokens.map(({ name, role, expires }) => ({ name, role, expires })),
  };
}

function tlsArgs(tls: Environment["platform"]["ingress"]["tls"]): MlflowInstanceArgs["ingress"]["tls"] {
  switch (tls.source) {
    case "pem":
      return { source: tls.source, certificate: secret("tlsCertificate"), privateKey: secret("tlsPrivateKey") };
    case "certManager":
      return { source: tls.source, clusterIssuer: tls.clusterIssuer };
    case "secret":
      return { source: tls.source, secretName: tls.name };
  }
}
