import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Properties } from "../shared/values.ts";
import { statementError } from "./errors.ts";
import { flag, integer, text } from "./inputs.ts";
import { identifier, literal } from "./server.ts";
import type { PostgresServer, Session } from "./server.ts";

const properties: BridgedResource["properties"] = {
  allowConnections: { type: "boolean", default: true },
  alterObjectOwnership: { type: "boolean", default: false },
  connectionLimit: { type: "number", default: -1 },
  encoding: { type: "string", computed: true, replaces: true },
  isTemplate: { type: "boolean", computed: true },
  lcCollate: { type: "string", computed: true, replaces: true },
  lcCtype: { type: "string", computed: true, replaces: true },
  name: { type: "string", required: true, autoname: { maxLength: 63 } },
  owner: { type: "string", computed: true },
  tablespaceName: { type: "string", computed: true },
  template: { type: "string", computed: true, replaces: true },
};

const isDefault = (value: string): boolean => value.toUpperCase() === "DEFAULT";
const named = (clause: string, value: string): string[] =>
  value === "" ? [] : [`${clause} ${isDefault(value) ? "DEFAULT" : identifier(value)}`];
const quoted = (clause: string, value: string): string[] =>
  value === "" ? [] : [`${clause} ${isDefault(value) ? "DEFAULT" : literal(value)}`];

async function read(
  server: PostgresServer,
  name: string,
  known: Properties,
): Promise<Properties | undefined> {
  return server.session("", async (session) => {
    const [row] = await session.query(
      `SELECT pg_get_userbyid(d.datdba) AS owner, pg_encoding_to_char(d.encoding) AS encoding, d.datcollate, d.datctype, t.spcname,
              d.datconnlimit, d.datallowconn, d.datistemplate
       FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1`,
      [name],
    );
    if (!row) return undefined;
    return {
      name,
      owner: String(row["owner"]),
      encoding: String(row["encoding"]),
      lcCollate: String(row["datcollate"]),
      lcCtype: String(row["datctype"]),
      tablespaceName: String(row["spcname"]),
      connectionLimit: Number(row["datconnlimit"]),
      allowConnections: row["datallowconn"] === true,
      isTemplate: row["datistemplate"] === true,
      // The server doesn't remember it.
      template: text(known, "template") || "template0",
      alterObjectOwnership: flag(known, "alterObjectOwnership"),
    };
  });
}

/**
 * CREATE and DROP DATABASE can't run in a transaction, so the memberships around them are taken
 * back by hand.
 */
async function outsideTransaction(
  server: PostgresServer,
  owner: string,
  what: string,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  await server.exclusive(async () => {
    try {
      await server.session("", (session) =>
        server.asMemberOf(session, [owner], () => work(session)),
      );
    } catch (error) {
      throw statementError(what, error);
    }
  });
}

async function drop(server: PostgresServer, name: string, owner: string): Promise<void> {
  const { version } = await server.identity();
  await server.release(name);
  await outsideTransaction(server, owner, `can't drop database "${name}"`, async (session) => {
    const [row] = await session.query("SELECT datistemplate FROM pg_database WHERE datname = $1", [
      name,
    ]);
    if (!row) return;
    if (row["datistemplate"] === true)
      await session.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
    if (version >= 130000) {
      await session.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
      return;
    }
    await session.query(`ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS false`);
    await session.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
      [name],
    );
    await session.query(`DROP DATABASE ${identifier(name)}`);
  });
}

export function database(server: () => PostgresServer): BridgedResource {
  return {
    framework: "sdk",
    properties,
    create: async ({ inputs }) => {
      const name = text(inputs, "name");
      const owner = text(inputs, "owner");
      const clauses = [
        ...named("OWNER", owner || server().settings.databaseUsername),
        ...named("TEMPLATE", text(inputs, "template") || "template0"),
        ...quoted("ENCODING", text(inputs, "encoding") || "UTF8"),
        ...quoted("LC_COLLATE", text(inputs, "lcCollate")),
        ...quoted("LC_CTYPE", text(inputs, "lcCtype")),
        ...named("TABLESPACE", text(inputs, "tablespaceName")),
        `ALLOW_CONNECTIONS ${flag(inputs, "allowConnections")}`,
        `CONNECTION LIMIT ${integer(inputs, "connectionLimit")}`,
        `IS_TEMPLATE ${flag(inputs, "isTemplate")}`,
      ];
      await outsideTransaction(
        server(),
        owner,
        `can't create database "${name}"`,
        async (session) => {
          await session.query(`CREATE DATABASE ${identifier(name)} ${clauses.join(" ")}`);
        },
      );
      return { id: name, state: (await read(server(), name, inputs))! };
    },
    read: async (_context, id, state) => {
      const found = await read(server(), text(state, "name") || id, state);
      return found && { state: found };
    },
    update: async ({ inputs, old, changed }) => {
      const [before, name, owner] = [
        text(old, "name"),
        text(inputs, "name"),
        text(inputs, "owner"),
      ];
      const what = `can't change database "${before}"`;
      if (before !== name) await server().release(before);
      await outsideTransaction(server(), text(old, "owner"), what, async (session) => {
        const alter = (clause: string): Promise<unknown> =>
          session.query(`ALTER DATABASE ${identifier(name)} ${clause}`);
        if (before !== name)
          await session.query(`ALTER DATABASE ${identifier(before)} RENAME TO ${identifier(name)}`);
        if (changed.has("tablespaceName"))
          await alter(
            `SET TABLESPACE ${identifier(text(inputs, "tablespaceName") || "pg_default")}`,
          );
        if (changed.has("connectionLimit"))
          await alter(`CONNECTION LIMIT ${integer(inputs, "connectionLimit")}`);
        if (changed.has("allowConnections"))
          await alter(`ALLOW_CONNECTIONS ${flag(inputs, "allowConnections")}`);
        if (changed.has("isTemplate")) await alter(`IS_TEMPLATE ${flag(inputs, "isTemplate")}`);
        if (changed.has("owner") && owner !== "")
          await server().asMemberOf(
            session,
            [owner],
            async () => void (await alter(`OWNER TO ${identifier(owner)}`)),
          );
      });
      if (changed.has("owner") && owner !== "" && flag(inputs, "alterObjectOwnership")) {
        const was = text(old, "owner");
        await server().change(name, what, (session) =>
          server().asMemberOf(session, [was, owner], () =>
            session.query(`REASSIGN OWNED BY ${identifier(was)} TO ${identifier(owner)}`),
          ),
        );
      }
      return (await read(server(), name, inputs))!;
    },
    delete: async (_context, id, state) =>
      drop(server(), text(state, "name") || id, text(state, "owner")),
  };
}
