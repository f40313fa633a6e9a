import type { Client as PgClient } from "pg";
import { Reason, type Check } from "./check.ts";
import { certificateCheck, probePostgresql, type Probe, type SslMode } from "./probes.ts";

/** PostgreSQL's oldest version that the instances work with. */
const oldest = 14;

interface Server {
  readonly host: string;
  readonly port: number;
  readonly adminUser: string;
  readonly sslMode: SslMode;
}

interface How {
  /** Config path of the server. */
  readonly path: string;
  /** PEM of the authorities that are trusted; undefined: the public ones. */
  readonly ca: string | undefined;
  readonly password: string | undefined;
}

/** Whether a PostgreSQL server answers, takes the administrator in, is new enough, and lets the administrator do what instances need: it tells that only to those who are in. */
export const postgresqlCheck = (server: Server, { path, ca, password }: How): Check => ({
  what: "PostgreSQL",
  where: `${server.host}:${server.port}`,
  path,
  async run(probe) {
    // First in our own words: the library has one message for everything that isn't PostgreSQL.
    await probePostgresql(probe, server, ca);
    const { version, lacks } = await saidBy(server, password, ca, probe);
    if (Math.floor(version / 10_000) < oldest)
      throw new Reason(`its version is ${shown(version)}; ${oldest} is the oldest that the instances work with`);
    if (lacks !== "")
      throw new Reason(`${server.adminUser} may not create ${lacks}, and each instance has roles and a database of its own`);
  },
});

// 90624 was 9.6.24; since 10 the first number alone is the major version.
const shown = (version: number): string =>
  version >= 100_000
    ? `${Math.floor(version / 10_000)}.${version % 10_000}`
    : `${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}`;

const rightsQuery =
  "select concat_ws(' and ', case when not (rolsuper or rolcreaterole) then 'roles' end, case when not (rolsuper or rolcreatedb) then 'databases' end) as lacks " +
  "from pg_roles where rolname = current_user";

async function saidBy(server: Server, password: string | undefined, ca: string | undefined, probe: Probe) {
  const { Client } = (await import("pg")).default;
  const client: PgClient = new Client({
    host: server.host,
    port: server.port,
    user: server.adminUser,
    password,
    database: "postgres",
    application_name: "mlflow-instances preflight",
    ssl: server.sslMode === "disable" ? false : certificateCheck(server.sslMode, ca),
  });
  // After the answer is known, what becomes of the connection concerns nobody.
  client.on("error", () => undefined);
  probe.signal.addEventListener("abort", () => void client.end().catch(() => undefined));
  await client.connect();
  const version = await client.query<{ server_version_num: string }>("show server_version_num");
  const rights = await client.query<{ lacks: string }>(rightsQuery);
  return { version: Number(version.rows[0]?.server_version_num), lacks: rights.rows[0]?.lacks ?? "" };
}
