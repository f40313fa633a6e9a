import type { Environment } from "../../environment/environment.ts";
import type { ExistingPlatform } from "../../platforms/existing/schema.ts";
import { clientLimits } from "../../preflight/awsClient.ts";
import { bucketsCheck } from "../../preflight/buckets.ts";
import type { Asked, Check } from "../../preflight/check.ts";
import { kubernetesCheck } from "../../preflight/kubernetes.ts";
import { postgresqlCheck } from "../../preflight/postgresql.ts";
import { probeHttps } from "../../preflight/probes.ts";
import { proxyOf } from "../../preflight/proxy.ts";

/** What is asked of systems that are there already. */
export function existingChecks(
  _environment: Environment,
  platform: ExistingPlatform,
  asked: Asked,
): Check[] {
  const { kubernetes, postgresql, objectStore, ingress, caBundle: ca } = platform;
  const path = "platform.objectStore.endpoint";
  const store = { what: "S3", where: objectStore.endpoint, path };
  const buckets = bucketsCheck(asked, {
    config: {
      region: objectStore.region,
      endpoint: objectStore.endpoint,
      forcePathStyle: true,
      credentials: {
        accessKeyId: objectStore.accessKeyId,
        secretAccessKey: asked.secretText("objectStoreSecretAccessKey") ?? "",
      },
      ...clientLimits(ca, new URL(objectStore.endpoint)),
    },
    prefixPath: "platform.objectStore.bucketPrefix",
    keyPath: "platform.objectStore.accessKeyId",
  });
  return [
    postgresqlCheck(postgresql, {
      path: "platform.postgresql",
      ca,
      password: asked.secretText("postgresqlAdminPassword"),
      asked,
    }),
    kubernetesCheck(kubernetes, { ingress, asked }),
    {
      ...store,
      async run(probe) {
        const url = new URL(objectStore.endpoint);
        // Through a proxy the client's own answer has to do.
        if (proxyOf(url) === undefined) await probeHttps(probe, { url, ca });
        return buckets(probe);
      },
    },
  ];
}
