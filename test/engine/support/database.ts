import { readFile } from "node:fs/promises";
import pg from "pg";
import type { Deployed } from "../../../local/commands/up.ts";
import type { InstanceOutput } from "../../../local/stack/outputs.ts";
import { cluster } from "./cluster.ts";

/**
 * What tests ask of the platform's PostgreSQL: as the administrator, or with the very credentials
 * that an instance's pods have.
 */
export function databases(deployed: Pick<Deployed, "platform">) {
  const { postgresql, caPath } = deployed.platform;
  const connect = async (login: {
    user: string;
    password: string;
    database: string;
  }): Promise<pg.Client> => {
    const client = new pg.Client({
      ...login,
      host: postgresql.host,
      port: postgresql.port,
      ssl: { ca: await readFile(caPath, "utf8") },
      connectionTimeoutMillis: 10_000,
    });
    await client.connect();
    return client;
  };
  const administrator = async (database: string): Promise<pg.Client> => {
    const password = (await readFile(postgresql.adminPasswordFile, "utf8")).trim();
    return connect({ user: postgresql.adminUser, password, database });
  };
  const column = async (sql: string): Promise<string[]> => {
    const client = await administrator("postgres");
    try {
      return (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
    } finally {
      await client.end();
    }
  };
  const login = async ({
    as,
    to,
  }: {
    as: InstanceOutput;
    to: InstanceOutput;
  }): Promise<pg.Client> => {
    const uri = await cluster(deployed).variable(as.namespace, "MLFLOW_BACKEND_STORE_URI");
    const { username, password } = new URL(uri.replace(/^postgresql\+\w+:/, "postgresql:"));
    return connect({
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: to.database,
    });
  };
  return {
    administrator,
    login,
    names: () => column("select datname as name from pg_database"),
    roles: () => column("select rolname as name from pg_roles"),
    /**
     * Logs in to one instance's database with another's credentials: `connected`, or the server's
     * words.
     */
    async connect({ as, to }: { as: InstanceOutput; to: InstanceOutput }): Promise<string> {
      try {
        await (await login({ as, to })).end();
        return "connected";
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}
