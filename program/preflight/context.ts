export type Values = Record<string, unknown>;

export interface Cluster {
  readonly server: string;
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly serverName: string | undefined;
  /** Proxy of this cluster alone, before those of the shell. */
  readonly proxy?: URL;
}

/** A context of a kubeconfig: the cluster and how to log in there. */
export interface Context {
  readonly cluster: Cluster;
  readonly user: Values;
  /** Relative paths in it begin here. */
  readonly folder: string;
}
