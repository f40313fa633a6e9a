import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Properties } from "../shared/values.ts";
import { flag, text } from "./inputs.ts";
import { identifier } from "./server.ts";
import type { PostgresServer, Session } from "./server.ts";

async function databaseExists(server: PostgresServer, name: string): Promise<boolean> {
  return server.session(
    "",
    async (session) =>
      (await session.query("SELECT 1 FROM pg_database WHERE datname = $1", [name])).length > 0,
  );
}

async function ownerOf(session: Session, name: string): Promise<string | undefined> {
  const [row] = await session.query(
    "SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1",
    [name],
  );
  return row && String(row["owner"]);
}

async function databaseOwner(session: Session): Promise<string> {
  const [row] = await session.query(
    "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()",
  );
  return String(row?.["owner"]);
}

/** A schema of a database. */
export function schema(server: () => PostgresServer): BridgedResource {
  const databaseOf = (inputs: Properties): string =>
    text(inputs, "database") || server().settings.database;
  const read = async (inputs: Properties): Promise<Properties | undefined> => {
    const database = databaseOf(inputs);
    if (!(await databaseExists(server(), database))) return undefined;
    const owner = await server().session(database, (session) =>
      ownerOf(session, text(inputs, "name")),
    );
    if (owner === undefined) return undefined;
    return {
      ...inputs,
      database,
      owner,
      dropCascade: flag(inputs, "dropCascade"),
      ifNotExists: inputs["ifNotExists"] !== false,
    };
  };
  return {
    framework: "sdk",
    properties: {
      database: { type: "string", computed: true, replaces: true },
      dropCascade: { type: "boolean", default: false },
      ifNotExists: { type: "boolean", default: true },
      name: { type: "string", required: true, autoname: { maxLength: 63 } },
      owner: { type: "string", computed: true },
      policies: {
        type: "list",
        computed: true,
        validate: () =>
          "deprecated and not supported by the stand-in plugin: use Grant with objectType schema",
      },
    },
    create: async ({ inputs }) => {
      const [database, name, owner] = [
        databaseOf(inputs),
        text(inputs, "name"),
        text(inputs, "owner"),
      ];
      await server().change(
        database,
        `can't create schema "${name}" in database "${database}"`,
        async (session) => {
          await server().asMemberOf(session, [await databaseOwner(session), owner], async () => {
            const existing = await ownerOf(session, name);
            if (existing === undefined || !flag(inputs, "ifNotExists")) {
              await session.query(
                `CREATE SCHEMA ${identifier(name)}${owner === "" ? "" : ` AUTHORIZATION ${identifier(owner)}`}`,
              );
            } else if (owner !== "" && existing !== owner) {
              await session.query(`ALTER SCHEMA ${identifier(name)} OWNER TO ${identifier(owner)}`);
            }
          });
        },
      );
      return { id: `${database}.${name}`, state: (await read(inputs))! };
    },
    read: async (_context, id, state) => {
      const imported = {
        database: id.slice(0, id.indexOf(".")),
        name: id.slice(id.indexOf(".") + 1),
      };
      const found = await read(state["name"] === undefined ? imported : state);
      return found && { state: found };
    },
    update: async ({ inputs, old, changed }) => {
      const [database, before, name, owner] = [
        databaseOf(inputs),
        text(old, "name"),
        text(inputs, "name"),
        text(inputs, "owner"),
      ];
      await server().change(
        database,
        `can't change schema "${before}" in database "${database}"`,
        async (session) => {
          await server().asMemberOf(
            session,
            [await databaseOwner(session), text(old, "owner"), owner],
            async () => {
              if (before !== name)
                await session.query(
                  `ALTER SCHEMA ${identifier(before)} RENAME TO ${identifier(name)}`,
                );
              if (changed.has("owner") && owner !== "")
                await session.query(
                  `ALTER SCHEMA ${identifier(name)} OWNER TO ${identifier(owner)}`,
                );
            },
          );
        },
      );
      return (await read(inputs))!;
    },
    delete: async (_context, _id, state) => {
      const [database, name] = [databaseOf(state), text(state, "name")];
      if (!(await databaseExists(server(), database))) return;
      await server().change(
        database,
        `can't drop schema "${name}" of database "${database}"`,
        async (session) => {
          const owner = await ownerOf(session, name);
          if (owner === undefined) return;
          await server().asMemberOf(session, [owner], () =>
            session.query(
              `DROP SCHEMA ${identifier(name)} ${flag(state, "dropCascade") ? "CASCADE" : "RESTRICT"}`,
            ),
          );
        },
      );
    },
  };
}
