// Privileges that objects created later by `owner` will have.
import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { CheckFailure } from "../shared/provider.ts";
import { isList } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { roleOid } from "./grant.ts";
import { flag, text } from "./inputs.ts";
import { inKnownWords, privilegeFailures, privilegeList } from "./privileges.ts";
import { identifier } from "./server.ts";
import type { PostgresServer } from "./server.ts";

const kinds: Record<string, string> = { table: "r", sequence: "S", function: "f", type: "T", schema: "n" };

function validate(inputs: Properties): CheckFailure[] {
  const type = inputs["objectType"];
  if (typeof type === "string" && !(type in kinds)) return [{ property: "objectType", reason: `one of ${Object.keys(kinds).join(", ")}` }];
  const failures = privilegeFailures(inputs);
  if (type === "schema" && inputs["schema"] !== undefined)
    failures.push({ property: "schema", reason: "can't be given for object type schema" });
  if (inputs["withGrantOption"] === true && inputs["role"] === "public")
    failures.push({ property: "withGrantOption", reason: "can't be true for role public" });
  return failures;
}

function idOf(inputs: Properties): string {
  return [
    text(inputs, "role"),
    text(inputs, "database"),
    text(inputs, "schema") || "noschema",
    text(inputs, "owner"),
    text(inputs, "objectType"),
  ].join("_");
}

async function apply(server: PostgresServer, inputs: Properties, grant: boolean): Promise<void> {
  const [owner, role, schema] = [text(inputs, "owner"), identifier(text(inputs, "role")), text(inputs, "schema")];
  const start = `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)}${schema === "" ? "" : ` IN SCHEMA ${identifier(schema)}`}`;
  const objects = `${text(inputs, "objectType").toUpperCase()}S`;
  await server.change(
    text(inputs, "database"),
    `can't set default privileges of role ${role} on ${objects} of ${identifier(owner)}`,
    async (session) => {
      await server.asMemberOf(session, [owner], async () => {
        await session.query(`${start} REVOKE ALL ON ${objects} FROM ${role}`);
        const privileges = privilegeList(inputs);
        if (grant && privileges !== "") {
          await session.query(
            `${start} GRANT ${privileges} ON ${objects} TO ${role}${flag(inputs, "withGrantOption") ? " WITH GRANT OPTION" : ""}`,
          );
        }
      });
    },
  );
}

async function read(server: PostgresServer, inputs: Properties): Promise<Properties | undefined> {
  const database = text(inputs, "database");
  const exists = await server.session("", (session) => session.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]));
  if (exists.length === 0) return undefined;
  return server.session(database, async (session) => {
    const grantee = await roleOid(session, text(inputs, "role"));
    if (grantee === undefined || (await roleOid(session, text(inputs, "owner"))) === undefined) return undefined;
    const rows = await session.query(
      `SELECT DISTINCT a.privilege_type AS privilege FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) a
       LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
       WHERE d.defaclobjtype::text = $1 AND pg_get_userbyid(d.defaclrole) = $2 AND a.grantee = $3::oid AND coalesce(n.nspname, '') = $4`,
      [kinds[text(inputs, "objectType")], text(inputs, "owner"), grantee, text(inputs, "schema")],
    );
    const privileges = inKnownWords(
      inputs,
      rows.map((row) => String(row["privilege"])),
    );
    // None where some were wanted: gone.
    if (privileges === null && isList(inputs["privileges"]) && inputs["privileges"].length > 0) return undefined;
    return { ...inputs, privileges, withGrantOption: flag(inputs, "withGrantOption") };
  });
}

export function defaultPrivileges(server: () => PostgresServer): BridgedResource {
  return {
    framework: "sdk",
    properties: {
      database: { type: "string", required: true, replaces: true },
      objectType: { type: "string", required: true, replaces: true },
      owner: { type: "string", required: true, replaces: true },
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
      if (await read(server(), state)) await apply(server(), state, false);
    },
  };
}
