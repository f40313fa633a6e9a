// The PostgreSQL stand-in against a real server, over the real protocol.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresqlProvider } from "../../../../local/plugins/postgresql/postgresqlProvider.ts";
import { Secret, reveal } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { connect, urn } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";
import { startCluster } from "../support/postgresCluster.ts";
import type { Cluster } from "../support/postgresCluster.ts";

const type = (name: string): string =>
  `postgresql:index/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`;
const at = (name: string): string => urn(type(name), "fraud");

let cluster: Cluster;
let client: ProviderClient;

beforeAll(async () => {
  cluster = await startCluster();
  client = await connect(postgresqlProvider());
  await client.configure({
    host: cluster.host,
    port: String(cluster.port),
    username: cluster.user,
    password: new Secret(cluster.password),
    sslmode: "disable",
    connectTimeout: "180",
  });
}, 60_000);

afterAll(async () => {
  await client?.close();
  await cluster?.stop();
});

interface Made {
  id: string;
  inputs: Properties;
  properties: Properties;
}

async function make(name: string, given: Properties, by = client): Promise<Made> {
  const { inputs, failures } = await by.check(at(name), given);
  expect(failures).toEqual([]);
  const planned = await by.create(at(name), inputs, true);
  expect(planned.id).toBe("");
  return { inputs, ...(await by.create(at(name), inputs)) };
}

async function change(name: string, made: Made, given: Properties, by = client): Promise<Made> {
  const { inputs } = await by.check(at(name), given, made.inputs);
  return {
    id: made.id,
    inputs,
    properties: await by.update(at(name), made.id, made.properties, made.inputs, inputs),
  };
}

/** Refresh and preview after it show nothing. */
async function expectStable(name: string, made: Made, by = client): Promise<void> {
  const now = await by.read(at(name), made.id, made.properties, made.inputs);
  expect(now.id).toBe(made.id);
  expect(now.properties).toEqual(made.properties);
  expect(now.inputs).toEqual(made.inputs);
  expect((await by.diff(at(name), made.id, now.properties, now.inputs, made.inputs)).changes).toBe(
    false,
  );
}

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

describe("schemas, memberships and privileges inside a database", () => {
  test("are made, stay without drift and go", async () => {
    await make("Role", { name: "author", login: true });
    await make("Role", { name: "reader", login: true });
    await make("Database", { name: "library", owner: "author" });
    const schema = await make("Schema", { database: "library", name: "books", owner: "author" });
    expect(schema.id).toBe("library.books");
    await cluster.query("SET ROLE author; CREATE TABLE books.novels (id int)", {
      database: "library",
    });
    const usage = await make("Grant", {
      database: "library",
      schema: "books",
      role: "reader",
      objectType: "schema",
      privileges: ["USAGE"],
    });
    const select = await make("Grant", {
      database: "library",
      schema: "books",
      role: "reader",
      objectType: "table",
      privileges: ["SELECT", "INSERT"],
    });
    expect(select.id).toBe("reader_library_books_table");
    const member = await make("GrantRole", { role: "reader", grantRole: "author" });
    expect(member.id).toBe("reader_author_false");
    const all = [
      ["Schema", schema],
      ["Grant", usage],
      ["Grant", select],
      ["GrantRole", member],
    ] as const;
    for (const [name, made] of all) await expectStable(name, made);
    const fewer = await change("Grant", select, { ...select.inputs, privileges: ["SELECT"] });
    expect(fewer.properties["privileges"]).toEqual(["SELECT"]);
    expect(
      await cluster.query("SELECT has_table_privilege('reader', 'books.novels', 'INSERT') AS can", {
        database: "library",
      }),
    ).toEqual([{ can: true }]); // as a member of the owner
    await client.delete(at("GrantRole"), member.id, member.properties);
    expect(
      await cluster.query("SELECT has_table_privilege('reader', 'books.novels', 'INSERT') AS can", {
        database: "library",
      }),
    ).toEqual([{ can: false }]);
    await expect(client.delete(at("Schema"), schema.id, schema.properties)).rejects.toThrow(
      /can't drop schema "books"[\s\S]*table books.novels/,
    );
  });
});

describe("bad input", () => {
  test("is told with the property, every failure at once, before anything is done", async () => {
    const role = await client.check(at("Role"), {
      connectionLimit: -2,
      colour: "red",
      login: "maybe",
    });
    expect(role.failures.map((failure) => failure.property).sort()).toEqual([
      "colour",
      "connectionLimit",
      "login",
    ]);
    const grant = await client.check(at("Grant"), {
      database: "x",
      role: "y",
      objectType: "table",
      schema: "s",
      privileges: ["SELECT; DROP TABLE x"],
    });
    expect(grant.failures.map((failure) => failure.property)).toEqual(["privileges[0]"]);
  });

  test("a role without a name gets an automatic one, the same in preview and update", async () => {
    const first = await client.check(at("Role"), {});
    const second = await client.check(at("Role"), {});
    expect(first.inputs["name"]).toMatch(/^fraud-[0-9a-f]{7}$/);
    expect(second.inputs["name"]).toBe(first.inputs["name"]);
    expect((await client.check(at("Role"), {}, first.inputs, "another seed")).inputs["name"]).toBe(
      first.inputs["name"],
    );
    expect(first.inputs["__defaults"]).toContain("name");
  });

  test("an unsupported type is one clear error", async () => {
    await expect(
      client.check(urn("postgresql:index/publication:Publication", "p"), {}),
    ).rejects.toThrow(/postgresql:index\/publication:Publication is not supported.*Role/s);
  });
});

describe("a server that can't be used", () => {
  async function error(config: Properties): Promise<string> {
    const other = await connect(postgresqlProvider());
    try {
      await other.configure({
        host: cluster.host,
        port: String(cluster.port),
        username: cluster.user,
        password: new Secret(cluster.password),
        sslmode: "disable",
        connectTimeout: "180",
        ...config,
      });
      await other.create(at("Role"), { name: "nobody" });
      return "no error";
    } catch (failure) {
      return (failure as Error).message;
    } finally {
      await other.close();
    }
  }

  test("is named with the reason: refused, wrong password, no TLS, unknown host", async () => {
    expect(await error({ port: "1" })).toMatch(/PostgreSQL server 127\.0\.0\.1:1 .*refused/);
    expect(await error({ password: new Secret("wrong") })).toMatch(
      /password of this user is wrong/,
    );
    expect(await error({ password: new Secret("wrong") })).not.toMatch(/"wrong"/);
    expect(await error({ sslmode: "require" })).toMatch(/does not support SSL/);
    expect(await error({ host: "no-such-host.invalid" })).toMatch(
      /no-such-host\.invalid.*(unknown|can't be resolved)/,
    );
    expect(await error({ sslmode: "prefer" })).toMatch(/sslmode "prefer" is not one of/);
    expect(await error({ awsRdsIamAuth: "true" })).toMatch(/awsRdsIamAuth is not supported/);
  });

  test("that doesn't answer is told within 10 s", async () => {
    const { createServer } = await import("node:net");
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const start = Date.now();
    expect(await error({ port: String(port) })).toMatch(/no answer in time/);
    expect(Date.now() - start).toBeLessThan(10_000);
    silent.close();
  }, 15_000);

  test("doesn't hinder a preview of new resources", async () => {
    const other = await connect(postgresqlProvider());
    await other.configure({ host: cluster.host, port: "1", username: "x", sslmode: "disable" });
    expect((await other.create(at("Role"), { name: "nobody" }, true)).id).toBe("");
    await other.close();
  });
});
