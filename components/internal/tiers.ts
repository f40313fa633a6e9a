import type { ServerResources, Tier } from "../mlflowInstanceArgs.ts";

/** The defaults that a tier stands for. */
export interface TierDefaults {
  replicas: number;
  workers: number;
  temporaryStorage: string;
  deletedExperimentRetention: string;
  protect: boolean;
}

const tiers: Record<Tier, TierDefaults> = {
  sandbox: { replicas: 1, workers: 1, temporaryStorage: "5Gi", deletedExperimentRetention: "7d", protect: false },
  standard: { replicas: 1, workers: 2, temporaryStorage: "10Gi", deletedExperimentRetention: "30d", protect: true },
  // Two replicas: an upgrade of a node or of the image interrupts nobody.
  production: { replicas: 2, workers: 2, temporaryStorage: "20Gi", deletedExperimentRetention: "30d", protect: true },
};

export function tierDefaults(tier: Tier): TierDefaults {
  return { ...tiers[tier] };
}

/**
 * CPU and memory from the number of workers. Measured idle, job execution off, MLflow 3.17.2: 414 MiB with 1 worker, 949 MiB with 4, so
 * about 240 MiB of parent processes and 180 MiB for each worker. The request adds room for one busy worker, the limit doubles it, because
 * a search over many runs builds its whole answer in memory. Uploads are not in it: they go to the temporary volume.
 */
export function defaultResources(workers: number): ServerResources {
  const request = 256 + 256 * workers;
  return { cpuRequest: `${150 + 100 * workers}m`, memoryRequest: `${request}Mi`, memoryLimit: `${2 * request}Mi` };
}
