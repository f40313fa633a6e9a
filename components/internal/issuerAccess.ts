import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import type { TokenIssuer } from "../workloadSettings.ts";

type Volume = input.core.v1.Volume;
type VolumeMount = input.core.v1.VolumeMount;

/** The address of an issuer from which the server fetches keys. */
export interface IssuerOpening {
  /** Undefined: every public address. */
  readonly cidrs: readonly Input<string>[] | undefined;
  readonly port: number;
}

export const issuerOpenings = (issuers: readonly TokenIssuer[]): IssuerOpening[] =>
  issuers
    .filter(({ keys }) => keys === undefined)
    .map(({ url, cidrs, cluster, port }) => ({
      cidrs,
      port: port ?? (cluster === true ? 443 : Number(new URL(url).port || 443)),
    }));

/**
 * The credential by which the server fetches keys from the API server: a token of the pod's account,
 * which has only the rights of every account. Mounted apart from the usual place, where libraries
 * look for credentials by themselves.
 */
export const clusterAccountVolume: { volume: Volume; mount: VolumeMount } = {
  volume: {
    name: "cluster-account",
    projected: {
      defaultMode: 0o440,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3600, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      ],
    },
  },
  mount: {
    name: "cluster-account",
    mountPath: "/var/run/secrets/mlflow-instance/cluster",
    readOnly: true,
  },
};
