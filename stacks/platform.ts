import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import { Provider as PostgresqlProvider } from "@pulumi/postgresql/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import { Provider as RandomProvider } from "@pulumi/random/provider.js";
import { writeCaFile } from "./caFile.ts";
import { secret } from "./config.ts";
import type { Environment } from "./environment.ts";

/** What an environment gives to its instances besides plain values: a provider for each system, always named, never an ambient one. */
export type Platform = pulumi.ProviderResource[];

/** Makes the providers; the only place that knows their settings. */
export function createPlatform(environment: Environment): Platform {
  const { kubernetes, postgresql, objectStore, caBundle } = environment.platform;
  const caFile = caBundle === undefined ? undefined : writeCaFile(caBundle);
  return [
    new KubernetesProvider("kubernetes", {
      kubeconfig: kubernetes.kubeconfig,
      context: kubernetes.context,
      // Identity of the cluster: without it, a kubeconfig at another path or with another address would replace every object, namespaces included.
      clusterIdentifier: environment.name,
      // The Secret with the tokens changes in place, so that pods see it without a restart.
      enableSecretMutable: true,
    }),
    new AwsProvider("object-store", {
      region: objectStore.region,
      accessKey: objectStore.accessKeyId,
      secretKey: secret("objectStoreSecretAccessKey"),
      endpoints: [{ s3: objectStore.endpoint }],
      // Bucket names as host names need a wildcard certificate that such stores seldom have.
      s3UsePathStyle: true,
      // There is no STS, no instance metadata and no list of AWS regions behind such an endpoint.
      skipCredentialsValidation: true,
      skipRequestingAccountId: true,
      skipMetadataApiCheck: true,
      skipRegionValidation: true,
      ...(caFile === undefined ? {} : { customCaBundle: caFile }),
    }),
    new PostgresqlProvider("postgresql", {
      host: postgresql.host,
      port: postgresql.port,
      username: postgresql.adminUser,
      password: secret("postgresqlAdminPassword"),
      database: "postgres",
      sslmode: postgresql.sslMode,
      superuser: postgresql.superuser,
      connectTimeout: 15,
      ...(caFile === undefined ? {} : { sslrootcert: caFile }),
    }),
    new RandomProvider("random", {}),
  ];
}
