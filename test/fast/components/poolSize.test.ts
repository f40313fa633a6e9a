import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  connectionsAvailable,
  connectionsNeeded,
  connectionsOfInstance,
  leastConnections,
  poolFor,
  preferredConnections,
} from "../../../components/internal/poolSize.ts";

const demands = fc.record({
  replicas: fc.integer({ min: 1, max: 10 }),
  workers: fc.integer({ min: 1, max: 16 }),
  maxConnections: fc.integer({ min: 1, max: 5000 }),
  connectionLimit: fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
});

describe("the pool", () => {
  test("never opens more connections than the role may have, nor the role more than the server has", () => {
    let fitting = 0;
    fc.assert(
      fc.property(demands, (demand) => {
        const pool = poolFor(demand);
        if ("reason" in pool) return;
        fitting += 1;
        // The formula again, from the parts: a pod more during a rollout, two stores a worker, what
        // a pod holds besides, the migration.
        const pods = demand.replicas + 1;
        const open =
          pods * (demand.workers * 2 * (pool.poolSize + pool.maxOverflow) + 1 + demand.workers) + 3;
        expect(open).toBeLessThanOrEqual(pool.connectionLimit);
        expect(pool.connectionLimit).toBeLessThanOrEqual(demand.maxConnections - 5 - 6);
        expect(pool.poolSize).toBeGreaterThanOrEqual(1);
        // 0 would mean SQLAlchemy's default of 10 to MLflow.
        expect(pool.maxOverflow).toBeGreaterThanOrEqual(1);
      }),
    );
    expect(fitting).toBeGreaterThan(0);
  });

  test("is refused only when not even the smallest one fits", () => {
    fc.assert(
      fc.property(demands, (demand) => {
        fc.pre(demand.connectionLimit !== undefined);
        const fits =
          connectionsNeeded(demand, 2) <= (demand.connectionLimit ?? 0) &&
          (demand.connectionLimit ?? 0) <= demand.maxConnections - 5 - 6;
        expect("reason" in poolFor(demand)).toBe(!fits);
      }),
    );
  });

  test("of every tier fits a server with PostgreSQL's default of 100 connections, that of two sandboxes at once", () => {
    expect(poolFor({ replicas: 1, workers: 1, maxConnections: 100 })).toEqual({
      connectionLimit: 31,
      poolSize: 3,
      maxOverflow: 3,
    });
    // With 6 for the maintenance of each.
    const sandbox = { replicas: 1, workers: 1 };
    expect([
      2 * connectionsOfInstance(preferredConnections(sandbox)),
      connectionsAvailable(100),
    ]).toEqual([74, 95]);
    expect(4 * connectionsOfInstance(leastConnections(sandbox))).toBe(84);
    expect(poolFor({ replicas: 1, workers: 2, maxConnections: 100 })).toEqual({
      connectionLimit: 57,
      poolSize: 3,
      maxOverflow: 3,
    });
    expect(poolFor({ replicas: 2, workers: 2, maxConnections: 100 })).toEqual({
      connectionLimit: 84,
      poolSize: 3,
      maxOverflow: 3,
    });
  });

  test("shrinks to a given limit", () => {
    expect(poolFor({ replicas: 1, workers: 1, maxConnections: 100, connectionLimit: 20 })).toEqual({
      connectionLimit: 20,
      poolSize: 2,
      maxOverflow: 1,
    });
  });

  test("says what is needed when it does not fit", () => {
    expect(poolFor({ replicas: 2, workers: 2, maxConnections: 80 })).toEqual({
      reason:
        "84 connections for 2 replicas (and 1 during a rollout) x 2 workers x 2 stores, and 6 for maintenance, don't fit the server's 80 (5 stay reserved); " +
        "set database.connectionLimit (at least 36), lower replicas or workers, or raise the server's max_connections",
    });
    expect(poolFor({ replicas: 2, workers: 2, maxConnections: 100, connectionLimit: 35 })).toEqual({
      reason:
        "35 connections are too few for 2 replicas (and 1 during a rollout) x 2 workers x 2 stores: at least 36 are needed",
    });
  });
});
