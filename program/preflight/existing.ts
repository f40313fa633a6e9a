import { databaseAuthorities, storeAuthorities } from "../platforms/authorities.ts";
import { clientLimits } from "./awsClient.ts";
import { bucketsCheck } from "./buckets.ts";
import type { Asked, Check } from "./check.ts";
import { kubernetesCheck } from "./kubernetes.ts";
import { postgresqlCheck } from "./postgresql.ts";
import type { ExistingPlatform } from "../platforms/existing.ts";
import { probeHttps } from "./probes.ts";
import { proxyOf } from "./proxy.ts";

/** What is asked of systems that are there already. */
export function existingChecks(platform: ExistingPlatform, asked: Asked): Check[] {
  const { kubernetes, postgresql, objectStore, ingress } = platform;
  const ca = storeAuthorities(platform);
  const path = "platform.objectStore.endpoint";
  const store = { what: "S3", where: objectStore.endpoint, path };
  const buckets = bucketsCheck(asked, {
    config: {
      region: objectStore.region,
      endpoint: objectStore.endpoint,
      forcePathStyle: true,
      credentials: { accessKeyId: objectStore.accessKeyId, secretAccessKey: asked.secretText("objectStoreSecretAccessKey") ?? "" },
      ...clientLimits(ca, new URL(objectStore.endpoint)),
    },
    prefixPath: "platform.objectStore.bucketPrefix",
    keyPath: "platform.objectStore.accessKeyId",
  });
  return [
    postgresqlCheck(postgresql, {
      path: "platform.postgresql",
      ca: databaseAuthorities(platform),
      password: asked.secretText("postgresqlAdminPassword"),
      asked,
    }),
    kubernetesCheck(kubernetes, { ingressClass: ingress.className, asked }),
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
