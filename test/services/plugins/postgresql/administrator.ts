import { describe, expect, test } from "vitest";
import { postgresqlProvider } from "../../../../local/plugins/postgresql/postgresqlProvider.ts";
import { Secret, reveal } from "../../../../local/plugins/shared/values.ts";
import { connect } from "../support/client.ts";
import { at, change, cluster, expectStable, make } from "./standIn.ts";

export function administrator(): void {
  describe("an administrator without superuser rights", () => {
    test("makes, changes and deletes a role, its database and its privileges", async () => {
      await cluster.query("CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'm'");
      const managed = await connect(postgresqlProvider());
      await managed.configure({
        host: cluster.host,
        port: String(cluster.port),
        username: "manager",
        password: new Secret("m"),
        sslmode: "disable",
        superuser: "false",
      });
      const role = await make(
        "Role",
        { name: "tenant", login: true, password: new Secret("t") },
        managed,
      );
      const database = await make(
        "Database",
        { name: "tenant", owner: "tenant", template: "template0" },
        managed,
      );
      const grant = await make(
        "Grant",
        { database: "tenant", role: "public", objectType: "database", privileges: [] },
        managed,
      );
      for (const [name, made] of [
        ["Role", role],
        ["Database", database],
        ["Grant", grant],
      ] as const)
        await expectStable(name, made, managed);
      expect(
        await cluster.query("SELECT 1 FROM pg_auth_members WHERE member = 'manager'::regrole"),
      ).toEqual([]);
      await cluster.query("SELECT 1", { database: "tenant", user: "tenant", password: "t" });
      const rotated = await change(
        "Role",
        role,
        { ...role.inputs, password: new Secret("t2") },
        managed,
      );
      expect(reveal(rotated.properties["password"])).toBe("t2");
      await managed.delete(at("Grant"), grant.id, grant.properties);
      await managed.delete(at("Database"), database.id, database.properties);
      await managed.delete(at("Role"), rotated.id, rotated.properties);
      expect(await cluster.query("SELECT 1 FROM pg_roles WHERE rolname = 'tenant'")).toEqual([]);
      await managed.close();
    });
  });
}
