import { join } from "node:path";
import { contextFolder } from "../stack/existingCluster.ts";

/** Namespace of the services; services.yaml names it, too. */
export const namespace = "mlflow-services";
export const ingressClassName = namespace;

/** Name and port that pods and this machine both use: kind.yaml and /etc/hosts see to the latter. */
export const postgresql = { host: `postgresql.${namespace}.svc`, port: 30432, maxConnections: 300 };
export const objectStore = { host: `object-store.${namespace}.svc`, port: 30707 };
export const domain = "mlflow.test";

/** The files of one cluster's services. */
export interface ServiceFiles {
  readonly pki: string;
  readonly secrets: string;
  readonly postgresqlPassword: string;
  readonly objectStoreRootKey: string;
}

export function serviceFiles(context: string): ServiceFiles {
  const folder = join(contextFolder(context), "services");
  const secrets = join(folder, "secrets");
  return {
    pki: join(folder, "pki"),
    secrets,
    postgresqlPassword: join(secrets, "postgresql-admin"),
    objectStoreRootKey: join(secrets, "objectstore-root"),
  };
}
