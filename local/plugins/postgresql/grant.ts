// Privileges of a role on a database, a schema or the objects of a schema: set to exactly the given
// list.
import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { CheckFailure } from "../shared/provider.ts";
import { asText } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { flag, orNull, text, texts } from "./inputs.ts";
import { inKnownWords, privilegeFailures, privilegeList } from "./privileges.ts";
import { identifier } from "./server.ts";
import type { PostgresServer, Session } from "./server.ts";

/** Kinds of relations and routines in the catalogs. */
const relations: Record<string, string[]> = { table: ["r", "p", "v", "m", "f"], sequence: ["S"] };
const routines: Record<string, string[]> = {
  function: ["f", "a", "w"],
  procedure: ["p"],
  routine: ["f", "a", "w", "p"],
};

function validate(inputs: Properties): CheckFailure[] {
  const failures = privilegeFailures(inputs);
  const type = inputs["objectType"];
  if (inputs["columns"] !== undefined)
    failures.push({ property: "columns", reason: "not supported by the stand-in plugin" });
  if (typeof type === "string" && type !== "database" && inputs["schema"] === undefined) {
    failures.push({ property: "schema", reason: `is needed for object type ${asText(type)}` });
  }
  if (inputs["objects"] !== undefined && (type === "database" || type === "schema")) {
    failures.push({
      property: "objects",
      reason: `can't be given for object type ${asText(type)}`,
    });
  }
  return failures;
}

function idOf(inputs: Properties): string {
  const type = text(inputs, "objectType");
  const inSchema = type === "database" ? [] : [text(inputs, "schema")];
  return [
    text(inputs, "role"),
    text(inputs, "database"),
    ...inSchema,
    type,
    ...[...texts(inputs, "objects")].sort(),
  ].join("_");
}

function target(inputs: Properties): string {
  const [type, schema] = [text(inputs, "objectType"), text(inputs, "schema")];
  if (type === "database") return `DATABASE ${identifier(text(inputs, "database"))}`;
  if (type === "schema") return `SCHEMA ${identifier(schema)}`;
  const objects = texts(inputs, "objects");
  if (objects.length === 0) return `ALL ${type.toUpperCase()}S IN SCHEMA ${identifier(schema)}`;
  // A routine is named with its argument types, `name(int, text)`.
  const quote = (object: string): string => {
    const at = object.indexOf("(");
    return at < 0
      ? identifier(object)
      : `${identifier(object.slice(0, at))}${object.slice(at).replace(/[^\w\s(),[\]."]/g, "")}`;
  };
  return `${type.toUpperCase()} ${objects.map((object) => `${identifier(schema)}.${quote(object)}`).join(", ")}`;
}

/** Who owns what is granted: only an owner (or a member of it) may grant. */
async function owners(session: Session, inputs: Properties): Promise<string[]> {
  const rows = await session.query(
    text(inputs, "objectType") === "database"
      ? "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1"
      : `SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1
         UNION SELECT pg_get_userbyid(relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = $1
         UNION SELECT pg_get_userbyid(proowner) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE nspname = $1`,
    [text(inputs, text(inputs, "objectType") === "database" ? "database" : "schema")],
  );
  return rows.map((row) => String(row["owner"]));
}

async function apply(server: PostgresServer, inputs: Properties, grant: boolean): Promise<void> {
  const role = identifier(text(inputs, "role"));
  const what = `can't set privileges of role ${role} on ${target(inputs)}`;
  await server.change(text(inputs, "database"), what, async (session) => {
    await server.asMemberOf(session, await owners(session, inputs), async () => {
      await session.query(`REVOKE ALL PRIVILEGES ON ${target(inputs)} FROM ${role}`);
      const privileges = privilegeList(inputs);
      if (!grant || privileges === "") return;
      await session.query(
        `GRANT ${privileges} ON ${target(inputs)} TO ${role}${flag(inputs, "withGrantOption") ? " WITH GRANT OPTION" : ""}`,
      );
    });
  });
}

const acl = (column: string, kind: string, owner: string): string =>
  `ARRAY(SELECT DISTINCT privilege_type::text FROM aclexplode(coalesce(${column}, acldefault('${kind}', ${owner}))) WHERE grantee = $2::oid)`;

/** Privileges per object; an empty list of rows means that there is no such object (yet). */
async function found(session: Session, inputs: Properties, grantee: number): Promise<string[][]> {
  const type = text(inputs, "objectType");
  const objects = texts(inputs, "objects");
  const query = async (sql: string, ...values: unknown[]): Promise<string[][]> =>
    (await session.query(sql, values)).map((row) => [...(row["privileges"] as string[])]);
  if (type === "database") {
    return query(
      `SELECT ${acl("datacl", "d", "datdba")} AS privileges FROM pg_database WHERE datname = $1`,
      text(inputs, "database"),
      grantee,
    );
  }
  if (type === "schema") {
    return query(
      `SELECT ${acl("nspacl", "n", "nspowner")} AS privileges FROM pg_namespace WHERE nspname = $1`,
      text(inputs, "schema"),
      grantee,
    );
  }
  const kinds = relations[type];
  if (kinds) {
    const sql = `SELECT ${acl("relacl", type === "sequence" ? "s" : "r", "relowner")} AS privileges FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname = $1 AND relkind::text = ANY($3) AND (cardinality($4::text[]) = 0 OR relname = ANY($4))`;
    return query(sql, text(inputs, "schema"), grantee, kinds, objects);
  }
  const sql = `SELECT ${acl("proacl", "f", "proowner")} AS privileges FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
    WHERE nspname = $1 AND prokind::text = ANY($3) AND (cardinality($4::text[]) = 0 OR proname = ANY($4))`;
  return query(
    sql,
    text(inputs, "schema"),
    grantee,
    routines[type] ?? [],
    objects.map((object) => object.replace(/\(.*/, "")),
  );
}

async function roleOid(session: Session, role: string): Promise<number | undefined> {
  if (role.toLowerCase() === "public") return 0;
  const [row] = await session.query(
    "SELECT oid::bigint::text AS oid FROM pg_roles WHERE rolname = $1",
    [role],
  );
  return row && Number(row["oid"]);
}

async function read(server: PostgresServer, inputs: Properties): Promise<Properties | undefined> {
  const database = text(inputs, "database");
  const grantee = await server.session("", async (session) => {
    const exists = await session.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    return exists.length === 0 ? undefined : roleOid(session, text(inputs, "role"));
  });
  if (grantee === undefined) return undefined;
  return server.session(
    text(inputs, "objectType") === "database" ? "" : database,
    async (session) => {
      const inSchema = text(inputs, "schema");
      if (
        inSchema !== "" &&
        (await session.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [inSchema]))
          .length === 0
      )
        return undefined;
      const perObject = (await found(session, inputs, grantee)).map((list) =>
        inKnownWords(inputs, list),
      );
      const known = orNull(texts(inputs, "privileges"));
      const differs = perObject.find((list) => JSON.stringify(list) !== JSON.stringify(known));
      return {
        ...inputs,
        columns: null,
        objects: orNull(texts(inputs, "objects")),
        // Several objects with different privileges can't be told in one list: none is told, so the
        // next update sets all.
        privileges: differs === undefined ? known : perObject.length === 1 ? differs : null,
        withGrantOption: flag(inputs, "withGrantOption"),
      };
    },
  );
}

export function grant(server: () => PostgresServer): BridgedResource {
  return {
    framework: "sdk",
    properties: {
      columns: { type: "set", replaces: true },
      database: { type: "string", required: true, replaces: true },
      objectType: { type: "string", required: true, replaces: true },
      objects: { type: "set", replaces: true },
      privileges: { type: "set", required: true },
      role: { type: "string", required: true, replaces: true },
      schema: { type: "string", replaces: true },
      withGrantOption: { type: "boolean", default: false, replaces: true },
    },
    validate,
    create: async ({ inputs }) => {
      await apply(server(), inputs, true);
      return { id: idOf(inputs), state: (await read(server(), inputs)) ?? inputs };
    },
    read: async (_context, _id, state) => {
      const now = await read(server(), state);
      return now && { state: now };
    },
    update: async ({ inputs }) => {
      await apply(server(), inputs, true);
      return (await read(server(), inputs)) ?? inputs;
    },
    delete: async (_context, _id, state) => {
      // Gone with its database, schema or role: nothing to take back.
      if (await read(server(), state)) await apply(server(), state, false);
    },
  };
}
