import { objectStorePluginVersion } from "@mlflow-instances/components/internal";
import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import type { Environment } from "../../environment/environment.ts";
import { caFileOf } from "../../environment/caFile.ts";
import { secret } from "../../environment/config.ts";
import type { Resources } from "../resources.ts";
import type { ExistingPlatform } from "../../platforms/existing/schema.ts";
import { postgresqlProvider } from "../postgresql.ts";

/** Providers for systems that are there already. */
export function createExisting({ name }: Environment, platform: ExistingPlatform): Resources {
  const { kubernetes, postgresql, objectStore } = platform;
  const providers = [
    new KubernetesProvider("kubernetes", {
      kubeconfig: kubernetes.kubeconfig,
      context: kubernetes.context,
      // Identity of the cluster: without it, a kubeconfig at another path or with another address
      // would replace every object, namespaces included.
      clusterIdentifier: name,
      // The Secret with the tokens changes in place, so that pods see it without a restart.
      enableSecretMutable: true,
      // `kubectl patch` and `kubectl scale` own what they set. Without this, the update that
      // repairs such a change ends with a field conflict.
      enablePatchForce: true,
    }),
    new AwsProvider(
      "object-store",
      {
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
        ...caFileOf("customCaBundle", platform.caBundle),
      },
      { version: objectStorePluginVersion },
    ),
    postgresqlProvider(platform, {
      ...postgresql,
      adminPassword: secret("postgresqlAdminPassword"),
    }),
  ];
  return { providers, database: { host: postgresql.host, port: postgresql.port } };
}
