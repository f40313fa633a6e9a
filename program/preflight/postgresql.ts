import type { Client as PgClient } from "pg";
import { maintenanceRoleNames, type ResolvedInstance } from "@mlflow-instances/components/internal";
import { Reason, type Answer, type Asked, type Check } from "./check.ts";
import { gone, judgeTaken } from "./claims.ts";
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
  readonly asked: Asked;
}

/**
 * Whether a PostgreSQL server answers, takes the administrator in, is new enough, and lets the
 * administrator do what instances need: it tells that only to those who are in.
 */
export const postgresqlCheck = (server: Server, { path, ca, password, asked }: How): Check => ({
  what: "PostgreSQL",
  where: `${server.host}:${server.port}`,
  path,
  async run(probe) {
    // First in our own words: the library has one message for everything that isn't PostgreSQL.
    await probePostgresql(probe, server, ca);
    const { version, lacks, names } = await saidBy(server, password, ca, asked.instances, probe);
    if (Math.floor(version / 10_000) < oldest)
      throw new Reason(
        `its version is ${shown(version)}; ${oldest} is the oldest that the instances work with`,
      );
    if (lacks !== "")
      throw new Reason(
        `${server.adminUser} may not create ${lacks}, and each instance has roles and a database of its own`,
      );
    return checkNames(names, asked, `${server.host}:${server.port} (${path})`);
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

/** Databases and roles of an instance. */
const namesOf = ({ database: { name: database } }: ResolvedInstance) => {
  return { database, roles: [database, ...Object.values(maintenanceRoleNames(database))] };
};

const namesQuery =
  "select 'database' as kind, datname::text as name from pg_database where datname = any($1) " +
  "union all select 'role', rolname::text from pg_roles where rolname = any($1)";

/** Databases of new instances have to be free, those of the others have to be there. */
async function checkNames(
  names: ReadonlySet<string>,
  asked: Asked,
  where: string,
): Promise<Partial<Answer>> {
  const { instances, fresh } = asked;
  const taken = fresh.flatMap((instance) => {
    const { database, roles } = namesOf(instance);
    const found = [`database ${database}`, ...roles.map((role) => `role ${role}`)].filter((name) =>
      names.has(name),
    );
    if (found.length === 0) return [];
    const line = `PostgreSQL at ${where}: ${found.join(", ")} of instance ${instance.instanceName} exists already; name the instance otherwise`;
    return [{ instance, line }];
  });
  const missing = instances.flatMap((instance) => {
    if (fresh.includes(instance)) return [];
    const { database, roles } = namesOf(instance);
    return [
      ...(names.has(`database ${database}`)
        ? []
        : [gone(`The database ${database}`, instance, true)]),
      ...roles
        .filter((role) => !names.has(`role ${role}`))
        .map((role) => gone(`The role ${role}`, instance)),
    ];
  });
  const { errors = [], warnings = [] } = await judgeTaken(taken, asked);
  return { errors, warnings: [...missing, ...warnings] };
}

async function saidBy(
  server: Server,
  password: string | undefined,
  ca: string | undefined,
  instances: readonly ResolvedInstance[],
  probe: Probe,
) {
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
  // After the answer is known, the end of the connection doesn't matter.
  client.on("error", () => undefined);
  probe.signal.addEventListener("abort", () => void client.end().catch(() => undefined));
  await client.connect();
  const version = await client.query<{ server_version_num: string }>("show server_version_num");
  const rights = await client.query<{ lacks: string }>(rightsQuery);
  const wanted = instances.flatMap((instance) => namesOf(instance).roles);
  const found =
    wanted.length === 0
      ? []
      : (await client.query<{ kind: string; name: string }>(namesQuery, [wanted])).rows;
  const names = new Set(found.map(({ kind, name }) => `${kind} ${name}`));
  return {
    version: Number(version.rows[0]?.server_version_num),
    lacks: rights.rows[0]?.lacks ?? "",
    names,
  };
}
