import { profileNetwork, profilePaths, type Profile, type ProfileNetwork } from "../paths.ts";
import { join } from "node:path";

/**
 * All that a program needs to know of a running embedded platform. Secrets are files, never values.
 */
export interface PlatformValues {
  readonly profile: Profile;
  readonly nodeIp: string;
  readonly domain: string;
  readonly kubeconfigPath: string;
  readonly kubeContext: string;
  readonly postgresql: {
    readonly host: string;
    readonly port: number;
    readonly adminUser: string;
    readonly adminPasswordFile: string;
    readonly maxConnections: number;
  };
  readonly objectStore: {
    readonly endpoint: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKeyFile: string;
    /** What the gateway can do; it answers 501 to the rest. */
    readonly versioning: boolean;
    readonly lifecycle: boolean;
    readonly encryption: boolean;
    readonly publicAccessBlock: boolean;
  };
  /** `cidrs`: the addresses from which the ingress controller reaches pods. */
  readonly ingress: { readonly className: string; readonly cidrs: readonly string[] };
  /** The wildcard certificate of the domain, PEM files. */
  readonly tls: { readonly certificatePath: string; readonly privateKeyPath: string };
  /** CA of the ingress, PostgreSQL and the object store. */
  readonly caPath: string;
  readonly networkPolicies: NetworkPolicyEnforcement;
}

export interface NetworkPolicyEnforcement {
  readonly enforced: boolean;
  /** The program that enforces them, or why none does. */
  readonly by: string;
}

export interface ServiceStatus {
  readonly name: string;
  readonly running: boolean;
  readonly healthy: boolean;
  /** Why it is not healthy, or what there is to say of it. */
  readonly detail: string;
  readonly pid?: number;
  /** Proportional memory of the process and its children, in bytes. */
  readonly memoryBytes?: number;
}

export const postgresqlAdmin = "postgres";
/**
 * Twenty sandboxes with small pools; PostgreSQL itself takes some 15 MB more for it than for its
 * default of 100.
 */
export const postgresqlMaxConnections = 500;
export const objectStoreRoot = "platform-root";
/** Not us-east-1: there, boto3 signs URLs by the old method, which the gateway refuses. */
export const objectStoreRegion = "local-1";
export const ingressClassName = "traefik";
/** The Gateway that serves what the ingress class serves. */
export const gateway = {
  name: "public",
  namespace: "gateways",
  listener: "https",
  redirectListener: "http",
} as const;

export function platformValues(
  profile: Profile,
  networkPolicies: NetworkPolicyEnforcement,
): PlatformValues {
  const network = profileNetwork(profile);
  const paths = profilePaths(profile);
  return {
    profile,
    nodeIp: network.nodeIp,
    domain: network.domain,
    kubeconfigPath: paths.kubeconfig,
    kubeContext: kubeContext(profile),
    postgresql: {
      host: network.nodeIp,
      port: network.ports.postgresql,
      adminUser: postgresqlAdmin,
      adminPasswordFile: paths.postgresqlAdminPassword,
      maxConnections: postgresqlMaxConnections,
    },
    objectStore: {
      endpoint: objectStoreEndpoint(network),
      region: objectStoreRegion,
      accessKeyId: objectStoreRoot,
      secretAccessKeyFile: paths.objectStoreRootKey,
      versioning: true,
      lifecycle: false,
      encryption: false,
      publicAccessBlock: false,
    },
    ingress: {
      className: ingressClassName,
      cidrs: [`${network.nodeIp}/32`, `${network.podGatewayIp}/32`],
    },
    tls: {
      certificatePath: join(paths.pki, "ingress.crt"),
      privateKeyPath: join(paths.pki, "ingress.key"),
    },
    caPath: join(paths.pki, "ca.crt"),
    networkPolicies,
  };
}

export const objectStoreEndpoint = ({ nodeIp, ports }: ProfileNetwork): string =>
  `https://${nodeIp}:${ports.objectStore}`;

export const kubeContext = (profile: Profile): string => `mlflow-instances-${profile}`;
