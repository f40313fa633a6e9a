import { readFileSync } from "node:fs";
import {
  objectStorePluginVersion,
  type IngressTls,
  type MlflowInstanceArgs,
  type MlflowPlatform,
  type SslMode,
} from "@mlflow-instances/components";
import { Provider as Aws } from "@pulumi/aws/provider.js";
import { Provider as Kubernetes } from "@pulumi/kubernetes/provider.js";
import { Provider as Postgresql } from "@pulumi/postgresql/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { Provider as Random } from "@pulumi/random/provider.js";

/** What the object store can do, in the words of an environment of `stacks/`. */
interface Features {
  versioning: boolean;
  lifecycle: boolean;
  encryption: boolean;
  publicAccessBlock: boolean;
  policyConditions: boolean;
  objectOwnership: boolean;
}

/** The plain values of the platform: the object under the config key `platform`. */
interface Values {
  /** Instances are at https://<instance>.<domain>. */
  domain: string;
  kubernetes: { kubeconfig: string; context: string };
  postgresql: {
    host: string;
    port: number;
    adminUser: string;
    superuser: boolean;
    sslMode: SslMode;
    maxConnections: number;
  };
  objectStore: { endpoint: string; region: string; accessKeyId: string; features: Features };
  ingress: { className: string; tls: IngressTls };
  network: MlflowPlatform["network"];
  /** Reference of the tracking server's image, and the MLflow version in it. */
  image: string;
  mlflowVersion: string;
  /** Path of a PEM file with a private authority's certificates. */
  caFile?: string;
}

interface KeyPair {
  accessKeyId: string;
  secretAccessKey: string;
}

/** An instance's key pair at the object store, and that of its maintenance jobs. */
type StoreKeys = KeyPair & { maintenance: KeyPair };

const config = new pulumi.Config();
const values = config.requireObject<Values>("platform");
// Secrets have keys of their own: `requireObject` would hand them out in plain.
const storeKeys = config.requireSecretObject<Record<string, StoreKeys>>("artifactStoreKeys");

const { kubernetes, postgresql, objectStore, ingress, caFile } = values;
/**
 * Set it to false only for disposable instances: `pulumi destroy` then deletes their data.
 */
export const protect = config.getBoolean("protect") ?? true;

// Every provider by name: an instance must never follow whatever cluster or account a shell points
// to. The component refuses to be made without them.
export const cluster = new Kubernetes("kubernetes", {
  ...kubernetes,
  clusterIdentifier: `${pulumi.getProject()}-${pulumi.getStack()}`,
  // The Secret with the token hashes changes in place, so that pods see it without a restart.
  enableSecretMutable: true,
  // An update takes back what `kubectl patch` or `kubectl scale` has changed.
  enablePatchForce: true,
});

export const providers = [
  cluster,
  new Aws(
    "object-store",
    {
      region: objectStore.region,
      accessKey: objectStore.accessKeyId,
      secretKey: config.requireSecret("objectStoreSecretAccessKey"),
      endpoints: [{ s3: objectStore.endpoint }],
      s3UsePathStyle: true,
      // Behind such an endpoint is no STS, no instance metadata and no list of AWS regions.
      skipCredentialsValidation: true,
      skipRequestingAccountId: true,
      skipMetadataApiCheck: true,
      skipRegionValidation: true,
      ...(caFile === undefined ? {} : { customCaBundle: caFile }),
    },
    // The last plugin that asks a bucket's tags of S3 itself; later ones ask a service that only
    // Amazon has.
    { version: objectStorePluginVersion },
  ),
  new Postgresql("postgresql", {
    host: postgresql.host,
    port: postgresql.port,
    username: postgresql.adminUser,
    password: config.requireSecret("postgresqlAdminPassword"),
    sslmode: postgresql.sslMode,
    superuser: postgresql.superuser,
    ...(caFile === undefined ? {} : { sslrootcert: caFile }),
  }),
  new Random("random"),
];

/** Certificate and key are secrets of their own, with `tls: { source: pem }` only. */
function certificate(): IngressTls {
  if (ingress.tls.source !== "pem") return ingress.tls;
  return {
    source: "pem",
    certificate: config.requireSecret("tlsCertificate"),
    privateKey: config.requireSecret("tlsPrivateKey"),
  };
}

const { policyConditions, ...features } = objectStore.features;

/** What every instance of this program stands on. */
export const platform: MlflowPlatform = {
  domain: values.domain,
  image: values.image,
  mlflowVersion: values.mlflowVersion,
  objectStore: {
    endpoint: objectStore.endpoint,
    region: objectStore.region,
    ...features,
    tlsOnly: policyConditions,
    adminPrincipals: [objectStore.accessKeyId],
  },
  postgresql: {
    host: postgresql.host,
    port: postgresql.port,
    sslMode: postgresql.sslMode,
    maxConnections: postgresql.maxConnections,
  },
  ingress: { className: ingress.className, tls: certificate() },
  network: values.network,
  ...(caFile === undefined ? {} : { caBundle: readFileSync(caFile, "utf8") }),
};

/** The instance's own users of the object store. */
export function usersOf(instance: string) {
  const keys = storeKeys.apply((all) => {
    const found = all[instance];
    if (found === undefined) throw new Error(`artifactStoreKeys has no entry ${instance}`);
    return found;
  });
  return {
    bucketCredentials: keys.apply(({ accessKeyId, secretAccessKey }) => ({
      accessKeyId,
      secretAccessKey,
    })),
    maintenanceCredentials: keys.apply(({ maintenance }) => maintenance),
  } satisfies Partial<MlflowInstanceArgs>;
}
