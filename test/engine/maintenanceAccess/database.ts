import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instanceOf } from "../support/engine.ts";
import type { MaintenanceJob } from "../support/maintenance.ts";
import { deployed, instance, jobs, jobsOf, other, own } from "./scene.ts";

export function database(): void {
  describe.each(jobs)("the database role of %s", (job) => {
    let client: pg.Client;
    beforeAll(async () => {
      client = await jobsOf(own).connect(job);
    });
    afterAll(() => client.end());

    const refusal = (sql: string): Promise<string> =>
      client.query(sql).then(
        () => "done",
        (error: unknown) => (error as Error).message,
      );

    it("reads what its work needs, but no values that were logged", async () => {
      expect(await refusal("SELECT run_uuid, lifecycle_stage, status FROM runs")).toBe("done");
      expect(await refusal("SELECT value FROM params")).toMatch(
        /^permission denied for table params/,
      );
      expect(await refusal("SELECT value FROM metrics")).toMatch(
        /^permission denied for table metrics/,
      );
      expect(await refusal("SELECT * FROM webhooks")).toMatch(
        /^permission denied for table webhooks/,
      );
      expect(await refusal("SELECT * FROM secrets")).toMatch(
        /^permission denied for table secrets/,
      );
    });

    it("changes no table, makes none and empties none", async () => {
      expect(await refusal("ALTER TABLE runs ADD COLUMN x int")).toMatch(
        /^must be owner of table runs/,
      );
      expect(await refusal("DROP TABLE runs")).toMatch(/^must be owner of table runs/);
      expect(await refusal("CREATE INDEX x ON runs (name)")).toMatch(
        /^must be owner of table runs/,
      );
      expect(await refusal("TRUNCATE runs CASCADE")).toMatch(/^permission denied for table/);
      expect(await refusal("CREATE TABLE x (y int)")).toMatch(
        /^permission denied for schema public/,
      );
      expect(await refusal("CREATE TEMPORARY TABLE x (y int)")).toMatch(
        /^permission denied to create temporary tables in database/,
      );
      expect(await refusal("CREATE SCHEMA x")).toMatch(/^permission denied for database/);
      expect(await refusal("CREATE ROLE x")).toMatch(/^permission denied to create role/);
      expect(await refusal("CREATE DATABASE x")).toMatch(/^permission denied to create database/);
      expect(await refusal(`SET ROLE ${instance.database}`)).toMatch(
        /^permission denied to set role/,
      );
      expect(await refusal("SELECT pg_read_file('/etc/passwd')")).toMatch(
        /^permission denied for function/,
      );
    });

    it("connects to no other instance's database, neither as itself nor as that instance's job", async () => {
      const foreign = instanceOf(deployed, other);
      await expect(jobsOf(own).connect(job, foreign.database)).rejects.toThrow(
        /permission denied for database/,
      );
      await expect(jobsOf(other).connect(job, instance.database)).rejects.toThrow(
        /permission denied for database/,
      );
      // What must be open is, so that the refusals above are the database's.
      await (await jobsOf(other).connect(job)).end();
    });

    it("holds no more connections than the arithmetic of the server counts", async () => {
      const limit = { retention: 4, "stale-runs": 2 }[job];
      const held: pg.Client[] = [];
      try {
        // One is open already.
        while (held.length < limit - 1) held.push(await jobsOf(own).connect(job));
        await expect(jobsOf(own).connect(job)).rejects.toThrow(/too many connections for role/);
      } finally {
        await Promise.all(held.map((connection) => connection.end()));
      }
    });
  });

  describe("what each role may change", () => {
    const change = async (job: MaintenanceJob, sql: string): Promise<string> => {
      const client = await jobsOf(own).connect(job);
      try {
        await client.query("BEGIN");
        await client.query(sql);
        return "done";
      } catch (error) {
        return (error as Error).message;
      } finally {
        await client.query("ROLLBACK");
        await client.end();
      }
    };

    it("is for stale runs a run's end, and for retention what it removes", async () => {
      const nothing = "WHERE run_uuid = 'none'";
      expect(
        await change("stale-runs", `UPDATE runs SET status = 'FAILED', end_time = 1 ${nothing}`),
      ).toBe("done");
      expect(
        await change("stale-runs", `UPDATE runs SET lifecycle_stage = 'deleted' ${nothing}`),
      ).toMatch(/^permission denied/);
      expect(await change("stale-runs", `DELETE FROM runs ${nothing}`)).toMatch(
        /^permission denied/,
      );
      expect(await change("retention", `DELETE FROM runs ${nothing}`)).toBe("done");
      expect(await change("retention", `UPDATE runs SET status = 'FAILED' ${nothing}`)).toMatch(
        /^permission denied/,
      );
      expect(await change("retention", "DELETE FROM model_versions WHERE name = 'none'")).toMatch(
        /^permission denied/,
      );
      expect(
        await change("retention", "DELETE FROM registered_models WHERE name = 'none'"),
      ).toMatch(/^permission denied/);
    });
  });
}
