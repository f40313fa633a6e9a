/**
 * SQLAlchemy engines in one worker: the tracking store and the model registry keep one each
 * (measured and read in MLflow 3.17.2).
 */
const storesPerWorker = 2;

/**
 * Connections of one engine when the limit is left open. The image lets one request fewer into
 * MLflow at once (a handler may need two connections), and the others wait for milliseconds. With 6
 * even the production tier fits a server with PostgreSQL's default of 100 connections.
 */
const preferredPerStore = 6;

/** Below this an instance serves one query at a time per worker; a stuck one would stop it. */
const leastPerStore = 2;

/**
 * PostgreSQL keeps 3 for superusers (`superuser_reserved_connections`); 2 more so that an
 * administrator without that right gets in.
 */
const reservedByServer = 5;

/**
 * What one pod opens besides its workers' pools: one to look at the schema when it starts, and one
 * in each worker to ask for readiness.
 */
const perPod = (workers: number) => 1 + workers;

/** The migration job: one for the lock, one for the schema, one for MLflow's own check. */
const migrationJob = 3;

/**
 * What each maintenance job may hold, on top of the server's: its work, its lock, and a command of
 * the platform team beside it.
 */
export const maintenanceConnections = { retention: 4, staleRuns: 2 } as const;

const maintenanceJobs = maintenanceConnections.retention + maintenanceConnections.staleRuns;

export interface PoolDemand {
  replicas: number;
  workers: number;
  /** `max_connections` of the server. */
  maxConnections: number;
  /** Connections of the role; undefined for what the preferred pool needs. */
  connectionLimit?: number | undefined;
}

type Shape = Pick<PoolDemand, "replicas" | "workers">;

export interface Pool {
  /** Limit of the server's role. */
  connectionLimit: number;
  /** Kept open, by store and worker. */
  poolSize: number;
  /** Opened on top under load. */
  maxOverflow: number;
}

/**
 * Most connections that an instance can open with this pool: a rollout runs one pod more than there
 * are replicas.
 */
export function connectionsNeeded(demand: Shape, perStore: number): number {
  const pods = demand.replicas + 1;
  return (
    pods * (demand.workers * storesPerWorker * perStore + perPod(demand.workers)) + migrationJob
  );
}

/** Connections of a server that its instances may share. */
export function connectionsAvailable(maxConnections: number): number {
  return maxConnections - reservedByServer;
}

/**
 * Everything that an instance may hold at once: its server's limit with the migration, and its
 * maintenance jobs.
 */
export function connectionsOfInstance(connectionLimit: number): number {
  return connectionLimit + maintenanceJobs;
}

/** Limit of the server's role unless another is asked for. */
export const preferredConnections = (shape: Shape): number =>
  connectionsNeeded(shape, preferredPerStore);

/** The lowest limit of the server's role with which an instance of this shape works. */
export const leastConnections = (shape: Shape): number => connectionsNeeded(shape, leastPerStore);

/** The pool that fits, or the reason why none does. */
export function poolFor(demand: PoolDemand): Pool | { reason: string } {
  const available = connectionsAvailable(demand.maxConnections) - maintenanceJobs;
  const limit = demand.connectionLimit ?? preferredConnections(demand);
  const shape = `${demand.replicas} replicas (and 1 during a rollout) x ${demand.workers} workers x ${storesPerWorker} stores`;
  if (limit > available) {
    return {
      reason:
        `${limit} connections for ${shape}, and ${maintenanceJobs} for maintenance, don't fit the server's ${demand.maxConnections} (${reservedByServer} stay reserved); ` +
        `set database.connectionLimit (at least ${leastConnections(demand)}), lower replicas or workers, or raise the server's max_connections`,
    };
  }
  let perStore = preferredPerStore;
  while (perStore >= leastPerStore && connectionsNeeded(demand, perStore) > limit) perStore -= 1;
  if (perStore < leastPerStore) {
    return {
      reason: `${limit} connections are too few for ${shape}: at least ${leastConnections(demand)} are needed`,
    };
  }
  // MLflow takes an overflow of 0 for "not set" and falls back to SQLAlchemy's 10: it is never less
  // than 1 here.
  const maxOverflow = Math.floor(perStore / 2);
  return { connectionLimit: limit, poolSize: perStore - maxOverflow, maxOverflow };
}
