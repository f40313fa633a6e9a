import { bridgedHandler } from "../shared/bridged/handler.ts";
import type { BridgedResource } from "../shared/bridged/schema.ts";
import type { Provider } from "../shared/provider.ts";
import { UserError } from "../shared/provider.ts";
import { database } from "./database.ts";
import { grant } from "./grant.ts";
import { grantRole } from "./grantRole.ts";
import { role } from "./role.ts";
import { schema } from "./schema.ts";
import { PostgresServer } from "./server.ts";
import { connectionSettings } from "./settings.ts";

const resources: Record<string, (server: () => PostgresServer) => BridgedResource> = {
  "postgresql:index/role:Role": role,
  "postgresql:index/database:Database": database,
  "postgresql:index/grant:Grant": grant,
  "postgresql:index/grantRole:GrantRole": grantRole,
  "postgresql:index/schema:Schema": schema,
};

export function postgresqlProvider(): Provider {
  let server: PostgresServer | undefined;
  const current = (): PostgresServer => {
    if (!server) throw new UserError("the postgresql provider is not configured");
    return server;
  };
  const handlers = Object.fromEntries(
    Object.entries(resources).map(([type, make]) => [type, bridgedHandler(make(current))]),
  );
  return {
    name: "postgresql",
    version: "3.18.1",
    supported: Object.keys(resources),
    resource: (type) => handlers[type],
    // No connection yet: a preview of new resources works without the server, as with the official
    // plugin.
    configure: async (config) => {
      await server?.close();
      server = new PostgresServer(connectionSettings(config));
    },
    close: async () => server?.close(),
  };
}
