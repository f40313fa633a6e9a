import { retentionKind, staleRunsKind } from "./maintenanceJobs.ts";

/** How long PostgreSQL lets a session of a role work, in milliseconds. */
export interface RoleTimeLimits {
  /** One statement, waiting for locks included. */
  statementTimeout: number;
  /** A transaction that does nothing: its locks block other sessions. */
  idleInTransactionSessionTimeout: number;
}

const minute = 60_000;

/**
 * psycopg2 does not end a statement when its client has gone away, so the server's limit is how
 * long such a statement works on. Half a minute is some twenty times what the largest search that
 * is allowed takes with 1,000 runs, and less than the 60 s that ingress controllers wait for an
 * answer. Migration and dumps use the same role and lift the limits in their own sessions. A
 * maintenance job is ended by its deadline; its statements may take as long.
 */
export const roleTimeLimits = {
  server: { statementTimeout: minute / 2, idleInTransactionSessionTimeout: 2 * minute },
  retention: {
    statementTimeout: 60 * minute,
    idleInTransactionSessionTimeout: retentionKind.deadline * 1000,
  },
  staleRuns: {
    statementTimeout: staleRunsKind.deadline * 1000,
    idleInTransactionSessionTimeout: staleRunsKind.deadline * 1000,
  },
} as const satisfies Record<string, RoleTimeLimits>;
