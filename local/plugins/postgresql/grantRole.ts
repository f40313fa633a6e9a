import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Properties } from "../shared/values.ts";
import { flag, text } from "./inputs.ts";
import { identifier } from "./server.ts";
import type { PostgresServer } from "./server.ts";

const idOf = (inputs: Properties): string =>
  [text(inputs, "role"), text(inputs, "grantRole"), String(flag(inputs, "withAdminOption"))].join(
    "_",
  );

async function read(server: PostgresServer, inputs: Properties): Promise<Properties | undefined> {
  return server.session("", async (session) => {
    const [row] = await session.query(
      "SELECT bool_or(admin_option) AS admin FROM pg_auth_members WHERE pg_get_userbyid(member) = $1 AND pg_get_userbyid(roleid) = $2 HAVING count(*) > 0",
      [text(inputs, "role"), text(inputs, "grantRole")],
    );
    return row && { ...inputs, withAdminOption: row["admin"] === true };
  });
}

/** Membership of a role in another one. */
export function grantRole(server: () => PostgresServer): BridgedResource {
  return {
    framework: "sdk",
    properties: {
      grantRole: { type: "string", required: true, replaces: true },
      role: { type: "string", required: true, replaces: true },
      withAdminOption: { type: "boolean", default: false, replaces: true },
    },
    create: async ({ inputs }) => {
      const [role, granted] = [
        identifier(text(inputs, "role")),
        identifier(text(inputs, "grantRole")),
      ];
      await server().change("", `can't grant role ${granted} to ${role}`, async (session) => {
        await session.query(`REVOKE ${granted} FROM ${role}`);
        await session.query(
          `GRANT ${granted} TO ${role}${flag(inputs, "withAdminOption") ? " WITH ADMIN OPTION" : ""}`,
        );
      });
      return { id: idOf(inputs), state: (await read(server(), inputs)) ?? inputs };
    },
    read: async (_context, _id, state) => {
      const found = await read(server(), state);
      return found && { state: found };
    },
    delete: async (_context, _id, state) => {
      const [role, granted] = [
        identifier(text(state, "role")),
        identifier(text(state, "grantRole")),
      ];
      await server().change("", `can't take role ${granted} from ${role}`, async (session) => {
        const rows = await session.query("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", [
          [text(state, "role"), text(state, "grantRole")],
        ]);
        if (rows.length === 2) await session.query(`REVOKE ${granted} FROM ${role}`);
      });
    },
  };
}
