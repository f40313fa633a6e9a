import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Properties, Value } from "../shared/values.ts";
import { flag, integer, orNull, text, texts } from "./inputs.ts";
import { isHashed, matchesStored, scramVerifier } from "./scram.ts";
import { identifier, literal } from "./server.ts";
import type { PostgresServer, Session } from "./server.ts";

const atLeast = (minimum: number) => (value: Value) =>
  typeof value === "number" && Number.isInteger(value) && value >= minimum
    ? undefined
    : `must be a whole number of at least ${minimum}`;

const properties: BridgedResource["properties"] = {
  assumeRole: { type: "string" },
  bypassRowLevelSecurity: { type: "boolean", default: false },
  connectionLimit: { type: "number", default: -1, validate: atLeast(-1) },
  createDatabase: { type: "boolean", default: false },
  createRole: { type: "boolean", default: false },
  encrypted: { type: "string" },
  encryptedPassword: { type: "boolean", default: true },
  idleInTransactionSessionTimeout: { type: "number", validate: atLeast(0) },
  inherit: { type: "boolean", default: true },
  login: { type: "boolean", default: false },
  name: { type: "string", required: true, autoname: { maxLength: 63 } },
  password: { type: "string", secret: true },
  // Write-only: never in the state; the version says when to write it again.
  passwordWo: { type: "string", secret: true, same: () => true, computed: true },
  passwordWoVersion: { type: "string" },
  replication: { type: "boolean", default: false },
  roles: { type: "set" },
  searchPaths: { type: "list" },
  skipDropRole: { type: "boolean", default: false },
  skipReassignOwned: { type: "boolean", default: false },
  statementTimeout: { type: "number", validate: atLeast(0) },
  superuser: { type: "boolean", default: false },
  validUntil: { type: "string", default: "infinity" },
};

const switches: [key: string, on: string, column: string][] = [
  ["superuser", "SUPERUSER", "rolsuper"],
  ["createDatabase", "CREATEDB", "rolcreatedb"],
  ["createRole", "CREATEROLE", "rolcreaterole"],
  ["inherit", "INHERIT", "rolinherit"],
  ["login", "LOGIN", "rolcanlogin"],
  ["replication", "REPLICATION", "rolreplication"],
  ["bypassRowLevelSecurity", "BYPASSRLS", "rolbypassrls"],
];

/** Settings of the role, as [input, name on the server, how the value is written]. */
const settings: [key: string, name: string, write: (inputs: Properties) => string][] = [
  [
    "searchPaths",
    "search_path",
    (inputs) => texts(inputs, "searchPaths").map(identifier).join(", "),
  ],
  [
    "statementTimeout",
    "statement_timeout",
    (inputs) =>
      integer(inputs, "statementTimeout") > 0 ? String(integer(inputs, "statementTimeout")) : "",
  ],
  [
    "idleInTransactionSessionTimeout",
    "idle_in_transaction_session_timeout",
    (inputs) =>
      integer(inputs, "idleInTransactionSessionTimeout") > 0
        ? String(integer(inputs, "idleInTransactionSessionTimeout"))
        : "",
  ],
  [
    "assumeRole",
    "role",
    (inputs) => (text(inputs, "assumeRole") === "" ? "" : literal(text(inputs, "assumeRole"))),
  ],
];

function passwordClause(inputs: Properties): string | undefined {
  const password = text(inputs, "password") || text(inputs, "passwordWo");
  if (password === "") return undefined;
  if (password.toUpperCase() === "NULL") return "PASSWORD NULL";
  return `PASSWORD ${literal(isHashed(password) ? password : scramVerifier(password))}`;
}

function attributes(inputs: Properties, wanted: (key: string) => boolean): string[] {
  const clauses = switches
    .filter(([key]) => wanted(key))
    .map(([key, on]) => (flag(inputs, key) ? on : `NO${on}`));
  if (wanted("connectionLimit"))
    clauses.push(`CONNECTION LIMIT ${integer(inputs, "connectionLimit")}`);
  if (wanted("validUntil"))
    clauses.push(`VALID UNTIL ${literal(text(inputs, "validUntil") || "infinity")}`);
  const password = passwordClause(inputs);
  if (wanted("password") && password) clauses.push(password);
  return clauses;
}

async function applySettings(
  session: Session,
  inputs: Properties,
  wanted: (key: string) => boolean,
): Promise<void> {
  const name = identifier(text(inputs, "name"));
  for (const [key, setting, write] of settings) {
    if (!wanted(key)) continue;
    const value = write(inputs);
    await session.query(
      value === ""
        ? `ALTER ROLE ${name} RESET ${setting}`
        : `ALTER ROLE ${name} SET ${setting} TO ${value}`,
    );
  }
}

async function read(
  server: PostgresServer,
  name: string,
  known: Properties,
): Promise<Properties | undefined> {
  const { superuser } = await server.identity();
  return server.session("", async (session) => {
    const [row] = await session.query(
      `SELECT *, rolvaliduntil::text AS valid, ARRAY(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = r.oid ORDER BY 1) AS roles
       FROM pg_roles r WHERE rolname = $1`,
      [name],
    );
    if (!row) return undefined;
    const config = new Map(
      ((row["rolconfig"] as string[] | null) ?? []).map((line) => [
        line.slice(0, line.indexOf("=")),
        line.slice(line.indexOf("=") + 1),
      ]),
    );
    return {
      ...known,
      name,
      ...Object.fromEntries(switches.map(([key, , column]) => [key, row[column] === true])),
      connectionLimit: Number(row["rolconnlimit"]),
      validUntil: (row["valid"] as string | null) ?? "infinity",
      roles: orNull(row["roles"] as string[]),
      searchPaths: orNull(splitSearchPath(config.get("search_path"))),
      statementTimeout: milliseconds(config.get("statement_timeout")),
      idleInTransactionSessionTimeout: milliseconds(
        config.get("idle_in_transaction_session_timeout"),
      ),
      assumeRole: config.get("role") ?? "",
      password: superuser ? await readPassword(session, name, known) : (known["password"] ?? null),
      encryptedPassword: true,
      passwordWo: null,
      skipDropRole: flag(known, "skipDropRole"),
      skipReassignOwned: flag(known, "skipReassignOwned"),
    };
  });
}

/**
 * The known password while the server's stored form belongs to it; else the stored form, which
 * shows as a change.
 */
async function readPassword(session: Session, name: string, known: Properties): Promise<Value> {
  const password = text(known, "password");
  if (password === "" || password.toUpperCase() === "NULL")
    return password === "" ? null : password;
  const [row] = await session.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", [name]);
  const stored = row?.["rolpassword"];
  if (typeof stored !== "string") return null;
  return matchesStored(password, stored, name) ? password : stored;
}

function splitSearchPath(value: string | undefined): string[] {
  return value === undefined || value === ""
    ? []
    : value.split(/,\s*/).map((part) => part.replace(/^"(.*)"$/, "$1").replaceAll('""', '"'));
}

function milliseconds(value: string | undefined): number {
  const parts = /^(\d+)\s*(ms|s|min|h|d)?$/.exec(value ?? "");
  return parts
    ? Number(parts[1]) *
        { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }[parts[2] ?? "ms"]!
    : 0;
}

export function role(server: () => PostgresServer): BridgedResource {
  return {
    framework: "sdk",
    properties,
    create: async ({ inputs }) => {
      const name = text(inputs, "name");
      await server().change("", `can't create role "${name}"`, async (session) => {
        // An administrator without superuser rights may not even name the attributes that need
        // them.
        const { superuser } = await server().identity();
        const privileged = new Set(["superuser", "replication", "bypassRowLevelSecurity"]);
        const clauses = attributes(
          inputs,
          (key) => superuser || !privileged.has(key) || flag(inputs, key),
        );
        await session.query(`CREATE ROLE ${identifier(name)} WITH ${clauses.join(" ")}`);
        for (const granted of texts(inputs, "roles"))
          await session.query(`GRANT ${identifier(granted)} TO ${identifier(name)}`);
        await applySettings(session, inputs, (key) => inputs[key] !== undefined);
      });
      return { id: name, state: (await read(server(), name, inputs))! };
    },
    read: async (_context, id, state) => {
      // Renaming keeps the id, so the name of the state counts.
      const found = await read(server(), text(state, "name") || id, state);
      return found && { state: found };
    },
    update: async ({ inputs, old, changed }) => {
      const [before, name] = [text(old, "name"), text(inputs, "name")];
      await server().change("", `can't change role "${before}"`, async (session) => {
        if (before !== name)
          await session.query(`ALTER ROLE ${identifier(before)} RENAME TO ${identifier(name)}`);
        const isChanged = (key: string): boolean =>
          changed.has(key) || (key === "password" && changed.has("passwordWoVersion"));
        const clauses = attributes(inputs, isChanged);
        if (changed.has("password") && passwordClause(inputs) === undefined)
          clauses.push("PASSWORD NULL");
        if (clauses.length > 0)
          await session.query(`ALTER ROLE ${identifier(name)} WITH ${clauses.join(" ")}`);
        if (changed.has("roles")) {
          const [was, is] = [texts(old, "roles"), texts(inputs, "roles")];
          for (const gone of was.filter((item) => !is.includes(item)))
            await session.query(`REVOKE ${identifier(gone)} FROM ${identifier(name)}`);
          for (const added of is.filter((item) => !was.includes(item)))
            await session.query(`GRANT ${identifier(added)} TO ${identifier(name)}`);
        }
        await applySettings(session, inputs, isChanged);
      });
      return (await read(server(), name, inputs))!;
    },
    delete: async (_context, id, state) => {
      const name = text(state, "name") || id;
      await server().change("", `can't delete role "${name}"`, async (session) => {
        const [row] = await session.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name]);
        if (!row) return;
        if (!flag(state, "skipReassignOwned")) {
          await server().asMemberOf(session, [name], async () => {
            await session.query(
              `REASSIGN OWNED BY ${identifier(name)} TO ${identifier(server().settings.databaseUsername)}`,
            );
            await session.query(`DROP OWNED BY ${identifier(name)}`);
          });
        }
        if (!flag(state, "skipDropRole")) await session.query(`DROP ROLE ${identifier(name)}`);
      });
    },
  };
}
