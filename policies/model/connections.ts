import { countOf } from "./servers.ts";
import { optionOf, variableOf } from "./workloads.ts";

/**
 * Engines of SQLAlchemy in each worker: the tracking store and the model registry keep one each
 * (read in MLflow 3.17).
 */
const storesPerWorker = 2;

/** The migration job holds one for its lock, one for the schema and one for MLflow's own check. */
const migrationJob = 3;

/**
 * What MLflow and SQLAlchemy take where nothing is said; an overflow of 0 counts as nothing said.
 */
const defaults = { workers: 4, poolSize: 5, maxOverflow: 10 };

type Server = { type: string; props: Record<string, any> };

const numberIn = (text: string | undefined): number | undefined =>
  /^[0-9]+$/.test(text ?? "") ? Number(text) : undefined;

/** Pods that a rollout runs beside the replicas. */
function surgeOf({ props }: Server, replicas: number): number {
  const { strategy } = (props["spec"] ?? {}) as {
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string } };
  };
  if (strategy?.type === "Recreate") return 0;
  return countOf(strategy?.rollingUpdate?.maxSurge ?? "25%", replicas, Math.ceil);
}

export interface Demand {
  readonly connections: number;
  /** How it comes about, in words. */
  readonly sum: string;
}

/** Most connections that a tracking server with its migration can open. */
export function demandOf(server: Server, replicas: number): Demand {
  const pods = replicas + surgeOf(server, replicas);
  const workers =
    numberIn(variableOf(server, "MLFLOW_INSTANCE_WORKERS")) ??
    numberIn(variableOf(server, "MLFLOW_WORKERS")) ??
    numberIn(optionOf(server, "--workers")) ??
    defaults.workers;
  const poolSize =
    numberIn(variableOf(server, "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE")) ?? defaults.poolSize;
  const maxOverflow =
    numberIn(variableOf(server, "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW")) || defaults.maxOverflow;
  // A pod also looks at the schema when it starts, and each worker keeps one connection to ask for
  // readiness.
  const beside = pods * (1 + workers) + migrationJob;
  return {
    connections: pods * workers * storesPerWorker * (poolSize + maxOverflow) + beside,
    sum: `${pods} pods (a rollout's included) x ${workers} workers x ${storesPerWorker} stores x (${poolSize} + ${maxOverflow}), and ${beside} beside the pools`,
  };
}
