import { readFile } from "node:fs/promises";
import { profileNetwork } from "../paths.ts";
import { serviceAccountIssuer, type PlatformValues } from "../platform/index.ts";
import type { StackValues } from "./values.ts";

const text = async (path: string): Promise<string> => (await readFile(path, "utf8")).trim();

/** The embedded platform as an `existing` platform: the program sees nothing but these values. */
export async function embeddedValues(
  platform: PlatformValues,
  image: string,
  keys: Record<string, unknown>,
): Promise<StackValues> {
  const { objectStore, postgresql, ingress, tls } = platform;
  const { dnsIp, nodeIp, ports } = profileNetwork(platform.profile);
  const [caBundle, certificate, privateKey, postgresqlPassword, objectStoreSecret] =
    await Promise.all([
      text(platform.caPath),
      text(tls.certificatePath),
      text(tls.privateKeyPath),
      text(postgresql.adminPasswordFile),
      text(objectStore.secretAccessKeyFile),
    ]);
  return {
    environment: {
      domain: platform.domain,
      platform: {
        kind: "existing",
        kubernetes: { kubeconfig: platform.kubeconfigPath, context: platform.kubeContext },
        postgresql: {
          host: postgresql.host,
          port: postgresql.port,
          adminUser: postgresql.adminUser,
          sslMode: "verify-full",
          superuser: true,
          maxConnections: postgresql.maxConnections,
        },
        objectStore: {
          endpoint: objectStore.endpoint,
          region: objectStore.region,
          accessKeyId: objectStore.accessKeyId,
          features: {
            versioning: objectStore.versioning,
            lifecycle: objectStore.lifecycle,
            encryption: objectStore.encryption,
            publicAccessBlock: objectStore.publicAccessBlock,
            policyConditions: true,
            objectOwnership: false,
          },
        },
        ingress: {
          className: ingress.className,
          controllerCidrs: ingress.cidrs,
          // As local/platform/ingress.ts configures it.
          traefik: { allowEmptyServices: true, readTimeout: "0s" },
          tls: { source: "pem" },
        },
        network: { dnsCidrs: [`${dnsIp}/32`] },
        image,
        caBundle: `${caBundle}\n`,
      },
      identity: {
        issuers: {
          kubernetes: {
            url: serviceAccountIssuer,
            cidrs: [`${nodeIp}/32`],
            port: ports.apiServer,
            bounds: { namespace: ["*"] },
          },
        },
      },
      artifacts: { access: "proxied" },
      bounds: { tokenNamespaces: ["*-training"] },
    },
    secrets: {
      postgresqlAdminPassword: postgresqlPassword,
      objectStoreSecretAccessKey: objectStoreSecret,
      tlsCertificate: `${certificate}\n`,
      tlsPrivateKey: `${privateKey}\n`,
      artifactStoreKeys: JSON.stringify(keys),
    },
  };
}
