import { readFile } from "node:fs/promises";
import { certificatePath, keyPath } from "../platform/certificates.ts";
import { ensureUsersIn } from "../platform/objectStoreUsers.ts";
import { readSecret } from "../platform/secretFiles.ts";
import { objectStoreRegion, objectStoreRoot, postgresqlAdmin } from "../platform/values.ts";
import type { StackValues } from "../stack/values.ts";
import {
  domain,
  ingressClassName,
  namespace,
  objectStore,
  postgresql,
  type ServiceFiles,
} from "./names.ts";

interface Place {
  readonly kubeconfig: string;
  readonly context: string;
  readonly image: string;
  /** Where PostgreSQL and the object store answer. */
  readonly cidrs: readonly string[];
}

const endpoint = `https://${objectStore.host}:${objectStore.port}`;

/** The services as an `existing` platform, with users of the object store for the instances. */
export async function laptopValues(
  { kubeconfig, context, image, cidrs }: Place,
  files: ServiceFiles,
  instances: readonly string[],
): Promise<StackValues> {
  const { pki, secrets, objectStoreRootKey } = files;
  const keys = await ensureUsersIn(
    { endpoint, rootKeyFile: objectStoreRootKey, pki, secrets },
    instances,
  );
  const [caBundle, certificate, privateKey] = await Promise.all([
    readFile(certificatePath(pki, "ca"), "utf8"),
    readFile(certificatePath(pki, "ingress"), "utf8"),
    readFile(keyPath(pki, "ingress"), "utf8"),
  ]);
  return {
    environment: {
      domain,
      platform: {
        kind: "existing",
        kubernetes: { kubeconfig, context },
        postgresql: {
          ...postgresql,
          adminUser: postgresqlAdmin,
          sslMode: "verify-full",
          superuser: true,
        },
        objectStore: {
          endpoint,
          region: objectStoreRegion,
          accessKeyId: objectStoreRoot,
          features: {
            versioning: true,
            lifecycle: false,
            encryption: false,
            publicAccessBlock: false,
            policyConditions: true,
            objectOwnership: false,
          },
        },
        ingress: {
          className: ingressClassName,
          controllerNamespace: namespace,
          // As services.yaml configures it.
          traefik: { allowEmptyServices: true, readTimeout: "0s" },
          tls: { source: "pem" },
        },
        network: { databaseCidrs: cidrs, objectStoreCidrs: cidrs },
        image,
        caBundle,
      },
      artifacts: { access: "proxied" },
    },
    secrets: {
      postgresqlAdminPassword: await readSecret(files.postgresqlPassword),
      objectStoreSecretAccessKey: await readSecret(objectStoreRootKey),
      tlsCertificate: certificate,
      tlsPrivateKey: privateKey,
      artifactStoreKeys: JSON.stringify(keys),
    },
  };
}
