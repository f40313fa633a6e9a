import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * A profile is one whole embedded platform: `local` is the user's, the others those of the engine
 * tests. All can run at once.
 */
export const profiles = ["local", "test", "beside"] as const;
export type Profile = (typeof profiles)[number];

const product = "mlflow-instances";

/**
 * Domain of each profile. Names under the reserved top-level domain `test` never leave the machine;
 * `*.localhost` means 127.0.0.1 to half of the clients.
 */
const domains: Record<Profile, string> = {
  local: "mlflow.test",
  test: "engine.mlflow.test",
  beside: "beside.mlflow.test",
};

/**
 * What can be built or downloaded again: binaries, images, the client's environment, PULUMI_HOME.
 * Shared by all clones of one user.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env["XDG_CACHE_HOME"];
  // The XDG specification: a relative path is invalid and is to be ignored.
  if (base !== undefined && isAbsolute(base)) return join(base, product);
  const home = env["HOME"];
  return join(home === undefined || home === "" ? homedir() : home, ".cache", product);
}

export interface ProfileNetwork {
  /** Name of the network namespace. */
  readonly namespace: string;
  /** The host's end of the only link into the namespace. */
  readonly hostLink: string;
  readonly hostIp: string;
  /** Address of the node: API server, PostgreSQL, object store and ingress listen here. */
  readonly nodeIp: string;
  /**
   * The cluster's DNS server. An address of its own, so that a network policy can open DNS without
   * opening the node.
   */
  readonly dnsIp: string;
  readonly linkCidr: string;
  readonly podCidr: string;
  /**
   * The node's address on each link to a pod: the source of what the node (probes, the ingress)
   * sends to pods.
   */
  readonly podGatewayIp: string;
  readonly serviceCidr: string;
  /** Service address of the API server: the first of the range. */
  readonly apiServiceIp: string;
  /** Service address of the cluster's DNS, in every pod's resolv.conf. */
  readonly dnsServiceIp: string;
  readonly domain: string;
  readonly nodeName: string;
  readonly ports: {
    readonly apiServer: number;
    readonly postgresql: number;
    readonly objectStore: number;
    readonly http: number;
    readonly https: number;
  };
}

export function profileNetwork(profile: Profile): ProfileNetwork {
  const index = profiles.indexOf(profile);
  return {
    namespace: `mlflow-${profile}`,
    hostLink: `mlflow-${profile}`,
    hostIp: `10.213.${index}.1`,
    nodeIp: `10.213.${index}.2`,
    dnsIp: `10.213.${index}.53`,
    linkCidr: `10.213.${index}.0/24`,
    podCidr: `10.214.${index}.0/24`,
    podGatewayIp: `10.214.${index}.1`,
    serviceCidr: `10.215.${index}.0/24`,
    apiServiceIp: `10.215.${index}.1`,
    dnsServiceIp: `10.215.${index}.10`,
    domain: domains[profile],
    nodeName: `mlflow-${profile}`,
    ports: { apiServer: 6443, postgresql: 5432, objectStore: 7070, http: 80, https: 443 },
  };
}

export interface ProfilePaths {
  /**
   * Held by the command that is at work on the profile; outside of what a start or a stop takes
   * away.
   */
  readonly lock: string;
  /** Survives `down`, goes with `reset`. */
  readonly state: string;
  /** Sockets, records of processes, mounts; goes with `down`. */
  readonly run: string;
  readonly logs: string;
  readonly pki: string;
  /** Configuration files that the services read; written anew at each start. */
  readonly config: string;
  /** Generated passwords and keys, mode 0600. */
  readonly secrets: string;
  readonly postgresqlAdminPassword: string;
  readonly objectStoreRootKey: string;
  readonly etcd: string;
  readonly postgresql: string;
  readonly objectStore: string;
  readonly containerd: string;
  readonly kubelet: string;
  /** Backend and passphrase of the Pulumi engine. */
  readonly pulumi: string;
  /** Kubeconfig of the cluster's administrator, mode 0600. */
  readonly kubeconfig: string;
  readonly containerdSocket: string;
}

/** Commands of all profiles write the machine's hosts file in turns. */
export const hostsLock = join("/run", product, "hosts.lock");

export function profilePaths(profile: Profile): ProfilePaths {
  const state = join("/var/lib", product, profile);
  const run = join("/run", product, profile);
  return {
    lock: `${run}.lock`,
    state,
    run,
    logs: join(state, "logs"),
    pki: join(state, "pki"),
    config: join(state, "config"),
    secrets: join(state, "secrets"),
    postgresqlAdminPassword: join(state, "secrets", "postgresql-admin"),
    objectStoreRootKey: join(state, "secrets", "objectstore-root"),
    etcd: join(state, "etcd"),
    postgresql: join(state, "postgresql"),
    objectStore: join(state, "objectstore"),
    containerd: join(state, "containerd"),
    kubelet: join(state, "kubelet"),
    pulumi: join(state, "pulumi"),
    kubeconfig: join(state, "kubeconfig"),
    containerdSocket: join(run, "containerd.sock"),
  };
}
