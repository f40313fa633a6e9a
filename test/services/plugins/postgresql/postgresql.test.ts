// The PostgreSQL stand-in against a real server, over the real protocol. The modules beside this
// file share its server.
import { describe, expect, test } from "vitest";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import { administrator } from "./administrator.ts";
import { badInput } from "./badInput.ts";
import { schemas } from "./schemas.ts";
import { at, change, client, cluster, expectStable, make, startStandIn } from "./standIn.ts";
import { unusableServer } from "./unusableServer.ts";

startStandIn();

describe("role, database and grant", () => {
  test("are made, stay without drift, change in place and go", async () => {
    const role = await make("Role", {
      name: 'it\'s "odd"',
      login: true,
      password: new Secret("pass word'1"),
      connectionLimit: 20,
    });
    const database = await make("Database", {
      name: "odd-db",
      owner: 'it\'s "odd"',
      encoding: "UTF8",
      template: "template0",
      lcCollate: "C.UTF-8",
      lcCtype: "C.UTF-8",
    });
    const grant = await make("Grant", {
      database: "odd-db",
      role: "public",
      objectType: "database",
      privileges: [],
    });
    expect(role.id).toBe('it\'s "odd"');
    expect(grant.id).toBe("public_odd-db_database");
    for (const [name, made] of [
      ["Role", role],
      ["Database", database],
      ["Grant", grant],
    ] as const)
      await expectStable(name, made);

    const login = { database: "odd-db", user: 'it\'s "odd"' };
    expect(
      await cluster.query("SELECT current_user AS me", { ...login, password: "pass word'1" }),
    ).toEqual([{ me: 'it\'s "odd"' }]);
    await expect(cluster.query("SELECT 1", { ...login, password: "wrong" })).rejects.toThrow(
      /password authentication failed/,
    );

    const rotated = await change("Role", role, {
      ...role.inputs,
      password: new Secret("other"),
      connectionLimit: 40,
    });
    expect(rotated.properties["connectionLimit"]).toBe(40);
    expect(rotated.properties["password"]).toEqual(new Secret("other"));
    await cluster.query("SELECT 1", { ...login, password: "other" });
    await expectStable("Role", rotated);

    await client.delete(at("Grant"), grant.id, grant.properties);
    await client.delete(at("Database"), database.id, database.properties);
    await client.delete(at("Role"), rotated.id, rotated.properties);
    expect(await cluster.query("SELECT 1 FROM pg_roles WHERE rolname LIKE 'it%'")).toEqual([]);
    expect(await cluster.query("SELECT 1 FROM pg_database WHERE datname = 'odd-db'")).toEqual([]);
  });

  test("the server's log never has a password in clear, though it logs every statement", async () => {
    const role = await make("Role", {
      name: "logged",
      login: true,
      password: new Secret("must-not-be-logged-1"),
    });
    await change("Role", role, { ...role.inputs, password: new Secret("must-not-be-logged-2") });
    const log = await cluster.log();
    expect(log).toContain('CREATE ROLE "logged"');
    expect(log).not.toContain("must-not-be-logged");
  });

  test("without public, another role can't connect", async () => {
    await make("Role", { name: "insider", login: true, password: new Secret("a") });
    await make("Role", { name: "outsider", login: true, password: new Secret("b") });
    await make("Database", { name: "closed", owner: "insider" });
    await make("Grant", {
      database: "closed",
      role: "public",
      objectType: "database",
      privileges: [],
    });
    await cluster.query("SELECT 1", { database: "closed", user: "insider", password: "a" });
    await expect(
      cluster.query("SELECT 1", { database: "closed", user: "outsider", password: "b" }),
    ).rejects.toThrow(/permission denied for database/);
  });

  test("dropping a database ends the connections to it", async () => {
    const role = await make("Role", { name: "busy", login: true, password: new Secret("c") });
    const database = await make("Database", { name: "busy", owner: "busy" });
    const sleeping = cluster.query("SELECT pg_sleep(60)", {
      database: "busy",
      user: "busy",
      password: "c",
    });
    sleeping.catch(() => undefined);
    await expect
      .poll(
        async () =>
          (await cluster.query("SELECT 1 FROM pg_stat_activity WHERE datname = 'busy'")).length,
      )
      .toBeGreaterThan(0);
    await client.delete(at("Database"), database.id, database.properties);
    await expect(sleeping).rejects.toThrow();
    await client.delete(at("Role"), role.id, role.properties);
  });

  test("a role that still owns things in another database is not deleted, and the error says what is in the way", async () => {
    const role = await make("Role", { name: "landlord", login: true });
    await make("Database", { name: "house" });
    await cluster.query(
      "CREATE TABLE furniture (id int); ALTER TABLE furniture OWNER TO landlord",
      { database: "house" },
    );
    await expect(client.delete(at("Role"), role.id, role.properties)).rejects.toThrow(
      /can't delete role "landlord"[\s\S]*1 object in database house/,
    );
  });

  test("drift shows: a changed limit, a password set by hand, a grant given back, a database that is gone", async () => {
    const role = await make("Role", {
      name: "drifter",
      login: true,
      password: new Secret("d"),
      connectionLimit: 5,
    });
    const database = await make("Database", { name: "drift", owner: "drifter" });
    const grant = await make("Grant", {
      database: "drift",
      role: "public",
      objectType: "database",
      privileges: [],
    });
    await cluster.query("ALTER ROLE drifter CONNECTION LIMIT 7 PASSWORD 'by hand'");
    await cluster.query("GRANT CONNECT ON DATABASE drift TO public");
    const now = await client.read(at("Role"), role.id, role.properties, role.inputs);
    expect(now.inputs["connectionLimit"]).toBe(7);
    const diff = await client.diff(at("Role"), role.id, now.properties, now.inputs, role.inputs);
    expect(diff.diffs).toEqual(["connectionLimit", "password"]);
    const nowGrant = await client.read(at("Grant"), grant.id, grant.properties, grant.inputs);
    expect(nowGrant.properties["privileges"]).toEqual(["CONNECT"]);
    await cluster.query("DROP DATABASE drift");
    expect(
      (await client.read(at("Database"), database.id, database.properties, database.inputs)).id,
    ).toBe("");
    expect((await client.read(at("Grant"), grant.id, grant.properties, grant.inputs)).id).toBe("");
  });

  test("time limits come to a role that exists, in place, and what is changed by hand shows", async () => {
    const before = await make("Role", {
      name: "limited",
      login: true,
      password: new Secret("e"),
      connectionLimit: 5,
    });
    const limits = { statementTimeout: 30_000, idleInTransactionSessionTimeout: 120_000 };
    const checked = await client.check(at("Role"), { ...before.inputs, ...limits });
    const planned = await client.diff(
      at("Role"),
      before.id,
      before.properties,
      before.inputs,
      checked.inputs,
    );
    expect(planned.replaces).toEqual([]);
    const role = await change("Role", before, { ...before.inputs, ...limits });
    expect(role.id).toBe(before.id);
    await expectStable("Role", role);
    const login = { user: "limited", password: "e" };
    expect(await cluster.query("SHOW statement_timeout", login)).toEqual([
      { statement_timeout: "30s" },
    ]);
    expect(await cluster.query("SHOW idle_in_transaction_session_timeout", login)).toEqual([
      { idle_in_transaction_session_timeout: "2min" },
    ]);
    // What a role sets for itself in a database is none of the plugin's.
    await cluster.query("ALTER ROLE limited IN DATABASE postgres SET join_collapse_limit = 1");
    await expectStable("Role", role);
    await cluster.query(
      "ALTER ROLE limited SET statement_timeout TO '1h'; ALTER ROLE limited RESET idle_in_transaction_session_timeout",
    );
    const now = await client.read(at("Role"), role.id, role.properties, role.inputs);
    const diff = await client.diff(at("Role"), role.id, now.properties, now.inputs, role.inputs);
    expect(diff.diffs).toEqual(["idleInTransactionSessionTimeout", "statementTimeout"]);
    const healed = await change(
      "Role",
      { ...role, properties: now.properties, inputs: now.inputs },
      { ...before.inputs, ...limits },
    );
    await expectStable("Role", healed);
    expect(await cluster.query("SHOW statement_timeout", login)).toEqual([
      { statement_timeout: "30s" },
    ]);
  });

  test("import reads everything from the server", async () => {
    await cluster.query("CREATE ROLE veteran LOGIN CONNECTION LIMIT 3");
    const { id, inputs, properties } = await client.read(at("Role"), "veteran");
    expect(id).toBe("veteran");
    expect(inputs).toMatchObject({
      name: "veteran",
      login: true,
      connectionLimit: 3,
      inherit: true,
    });
    expect(properties["superuser"]).toBe(false);
    const checked = await client.check(at("Role"), {
      name: "veteran",
      login: true,
      connectionLimit: 3,
    });
    expect((await client.diff(at("Role"), id, properties, inputs, checked.inputs)).changes).toBe(
      false,
    );
  });
});

test("a role and a database that exist already are refused", async () => {
  const role = await make("Role", { name: "leftover", login: true, connectionLimit: 3 });
  await make("Database", { name: "leftover", owner: "leftover" });
  await expect(client.create(at("Role"), role.inputs)).rejects.toThrow(
    /role "leftover" already exists/,
  );
  await expect(
    client.create(at("Database"), { name: "leftover", owner: "leftover" }),
  ).rejects.toThrow(/database "leftover" already exists/);
});

administrator();
schemas();
badInput();
unusableServer();
