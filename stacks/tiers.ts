/** A named set of defaults; an instance file may override each value, within the tier's bounds. */
export interface Tier {
  /** Pods of the tracking server. */
  readonly replicas: number;
  /** Server processes in each pod. */
  readonly workers: number;
  /** Guaranteed processor share of a pod; there is no limit, because throttling a web server only makes it slow while cores idle. */
  readonly cpu: string;
  /** Size of the pod's temporary volume: a proxied upload passes through it. */
  readonly temporaryStorage: string;
  /** Whether bucket and database refuse to be deleted until protection is taken off. */
  readonly protect: boolean;
  /** Grace between a soft delete and the final removal. */
  readonly retention: string;
  /** Bounds of that grace, in days. */
  readonly retentionDays: { readonly min: number; readonly max: number };
}

export const tiers = {
  // For trying things out: one small pod; deleting the file deletes the data.
  sandbox: {
    replicas: 1,
    workers: 1,
    cpu: "100m",
    temporaryStorage: "2Gi",
    protect: false,
    retention: "7d",
    retentionDays: { min: 1, max: 90 },
  },
  // A team's daily work: one pod restarts in seconds, so a second one would only cost memory; the data is kept.
  standard: {
    replicas: 1,
    workers: 2,
    cpu: "250m",
    temporaryStorage: "5Gi",
    protect: true,
    retention: "30d",
    retentionDays: { min: 1, max: 90 },
  },
  // Something in production reads models from it: it survives the loss of a node, and a deletion is noticed before it is final.
  production: {
    replicas: 2,
    workers: 2,
    cpu: "500m",
    temporaryStorage: "10Gi",
    protect: true,
    retention: "90d",
    retentionDays: { min: 7, max: 90 },
  },
} as const satisfies Record<string, Tier>;

export type TierName = keyof typeof tiers;
export const tierNames = Object.keys(tiers) as [TierName, ...TierName[]];

/**
 * Memory of a pod by its workers. Measured (PSS, job execution off): 414 MiB with 1 worker, 621 with 2, 949 with 4, that is about 200 a worker
 * and 220 for the rest. Request: that plus a quarter of headroom. Limit: twice the request, for uploads and large searches.
 */
export function memoryFor(workers: number): { request: string; limit: string } {
  const request = 256 + 256 * workers;
  return { request: `${request}Mi`, limit: `${2 * request}Mi` };
}
