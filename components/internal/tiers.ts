import type { Tier } from "../enums.ts";
import type { ServerResources } from "../mlflowInstanceArgs.ts";

/** The quantities of one pod, with every default filled in. */
export type PodResources = Required<Omit<ServerResources, "cpuLimit">> &
  Pick<ServerResources, "cpuLimit">;

/** The defaults that a tier stands for. */
export interface TierDefaults {
  replicas: number;
  workers: number;
  temporaryStorage: string;
  deletedExperimentRetention: string;
}

const tiers: Record<Tier, TierDefaults> = {
  sandbox: { replicas: 1, workers: 1, temporaryStorage: "5Gi", deletedExperimentRetention: "7d" },
  standard: {
    replicas: 1,
    workers: 2,
    temporaryStorage: "10Gi",
    deletedExperimentRetention: "30d",
  },
  // Two replicas: an upgrade of a node or of the image interrupts no request.
  production: {
    replicas: 2,
    workers: 2,
    temporaryStorage: "20Gi",
    deletedExperimentRetention: "30d",
  },
};

export function tierDefaults(tier: Tier): TierDefaults {
  return { ...tiers[tier] };
}

/**
 * CPU and memory from the number of workers. Measured with this project's image, MLflow 3.17.2,
 * idle after its first requests (PSS): 230 MiB with 1 worker, 280 MiB with 3, because workers share
 * what was imported before they were forked. The request leaves every worker room for work; the
 * limit doubles it. What one request may take of it, answers, bodies and parts of uploads, follows
 * from the limit: docs/request-limits.md.
 */
export function defaultResources(workers: number): PodResources {
  const request = 256 + 128 * workers;
  return {
    cpuRequest: `${150 + 100 * workers}m`,
    memoryRequest: `${request}Mi`,
    memoryLimit: `${2 * request}Mi`,
  };
}
