import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import pg from "pg";
import type { ProfileNetwork, ProfilePaths } from "../paths.ts";
import { certificateTexts, pair, type HealthContext, type PlatformContext } from "./context.ts";
import { identityOf } from "./https.ts";
import type { ServiceDefinition } from "./processes.ts";
import { ensureSecret, readSecret } from "./secretFiles.ts";
import { postgresqlAdmin, postgresqlMaxConnections } from "./values.ts";

const programs = "/usr/lib/postgresql/15/bin";
const account = "postgres";

export function postgresqlConfiguration(network: ProfileNetwork, paths: ProfilePaths): string {
  const { certificate, key } = pair(paths, "postgresql");
  return `listen_addresses = '${network.nodeIp}'
port = ${network.ports.postgresql}
unix_socket_directories = ''
max_connections = ${postgresqlMaxConnections}
shared_buffers = 128MB
ssl = on
ssl_cert_file = '${certificate}'
ssl_key_file = '${key}'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
hba_file = '${join(paths.config, "postgresql", "pg_hba.conf")}'
# For each process; roles can't set it themselves. A sort that does not fit in memory must not
# fill the disk of all instances.
temp_file_limit = 2GB
# Statements may hold passwords (CREATE ROLE … PASSWORD): neither they nor errors of them are written to the log.
log_statement = 'none'
log_min_error_statement = panic
log_timezone = 'UTC'
timezone = 'UTC'
`;
}

/** TLS and a password, or nothing. */
export const hostBasedAuthentication = "hostssl all all 0.0.0.0/0 scram-sha-256\n";

async function accountIds(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await execa("id", [flag, account])).stdout)),
  );
  if (uid === undefined || gid === undefined)
    throw new Error(`This machine has no account ${account}; the package postgresql-15 makes it.`);
  return { uid, gid };
}

/** Makes the data folder at the first start. It appears under its name only when it is complete. */
async function initialise(paths: ProfilePaths, password: string): Promise<void> {
  if ((await readFile(join(paths.postgresql, "PG_VERSION"), "utf8").catch(() => "")) !== "") return;
  const { uid, gid } = await accountIds();
  const draft = `${paths.postgresql}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await chown(draft, uid, gid);
  const passwordFile = `${draft}.password`;
  await rm(passwordFile, { force: true });
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: "wx" });
    await chown(passwordFile, uid, gid);
    await execa(
      "setpriv",
      [
        ...[`--reuid=${uid}`, `--regid=${gid}`, "--init-groups", join(programs, "initdb")],
        ...[`--pgdata=${draft}`, `--username=${postgresqlAdmin}`, `--pwfile=${passwordFile}`],
        ...["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"],
      ],
      { cwd: "/", env: { LANG: "C.UTF-8" } },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rm(paths.postgresql, { recursive: true, force: true });
  await rename(draft, paths.postgresql);
}

export async function postgresql({ network, paths }: PlatformContext): Promise<ServiceDefinition> {
  const password = await ensureSecret(paths.postgresqlAdminPassword);
  await initialise(paths, password);
  const folder = join(paths.config, "postgresql");
  const configuration = postgresqlConfiguration(network, paths);
  const { uid, gid } = await accountIds();
  await mkdir(folder, { recursive: true, mode: 0o750 });
  for (const [name, text] of [
    ["postgresql.conf", configuration],
    ["pg_hba.conf", hostBasedAuthentication],
  ] as const) {
    await writeFile(join(folder, name), text, { mode: 0o640 });
    await chown(join(folder, name), uid, gid);
  }
  await chmod(folder, 0o750);
  await chown(folder, uid, gid);
  return {
    name: "postgresql",
    program: join(programs, "postgres"),
    args: ["-D", paths.postgresql, "-c", `config_file=${join(folder, "postgresql.conf")}`],
    user: account,
    configuration: [
      configuration,
      hostBasedAuthentication,
      ...(await certificateTexts(paths, ["postgresql"])),
    ],
    startTimeoutMs: 60_000, // after a kill it reads its journal first
  };
}

export async function postgresqlHealth({ network, paths }: HealthContext): Promise<void> {
  const password = await readSecret(paths.postgresqlAdminPassword);
  const { ca } = await identityOf(paths.pki, "ca");
  const client = new pg.Client({
    host: network.nodeIp,
    port: network.ports.postgresql,
    user: postgresqlAdmin,
    database: "postgres",
    password,
    ssl: { ca },
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  });
  client.on("error", () => undefined); // a connection that ends after the answer is no failure of the check
  try {
    await client.connect();
    await client.query("SELECT 1");
  } finally {
    await client.end().catch(() => undefined);
  }
}
