// A real PostgreSQL server of its own for a test: empty folder, free loopback port, ended by its
// process id.
import { execFile, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import type { TestCertificates } from "./certificates.ts";

export interface Cluster {
  host: string;
  port: number;
  user: string;
  password: string;
  query(
    sql: string,
    options?: { database?: string; user?: string; password?: string },
  ): Promise<Record<string, unknown>[]>;
  log(): Promise<string>;
  stop(): Promise<void>;
}

const root = "/usr/lib/postgresql";

function binaries(): string {
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((version) => join(root, version, "bin"))
    .find((folder) => existsSync(join(folder, "initdb")));
  if (!found)
    throw new Error(
      "this test needs a PostgreSQL server: apt-get install postgresql (`npm run local` does it)",
    );
  return found;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function account(): { uid: number; gid: number } | undefined {
  // The server refuses to run as root.
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** With certificates the server offers TLS too. */
export async function startCluster(certificates?: TestCertificates): Promise<Cluster> {
  const bin = binaries();
  const owner = account();
  const folder = mkdtempSync(join(tmpdir(), "mlflow-test-postgres-"));
  const data = join(folder, "data");
  const password = "admin of a test";
  writeFileSync(join(folder, "password"), password);
  if (owner)
    for (const path of [folder, join(folder, "password")]) chownSync(path, owner.uid, owner.gid);
  const args = [
    "-D",
    data,
    "-U",
    "postgres",
    "--auth=scram-sha-256",
    `--pwfile=${join(folder, "password")}`,
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
  ];
  await promisify(execFile)(join(bin, "initdb"), args, { ...owner, cwd: folder });
  if (certificates) {
    for (const [name, text] of [
      ["server.crt", certificates.certificate],
      ["server.key", certificates.key],
    ] as const) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      if (owner) chownSync(join(data, name), owner.uid, owner.gid);
    }
  }
  const port = await freePort();
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    "fsync=off",
    "logging_collector=on",
    "log_directory=../log",
    "log_filename=server.log",
    "log_statement=all",
    ...(certificates ? ["ssl=on"] : []),
  ];
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, ...settings.flatMap((line) => ["-c", line])],
    {
      ...owner,
      cwd: folder,
      stdio: "ignore",
    },
  );
  const gone = new Promise<void>((resolve) => server.once("exit", () => resolve()));

  const query: Cluster["query"] = async (
    sql,
    { database = "postgres", user = "postgres", password: secret = password } = {},
  ) => {
    const client = new pg.Client({ host: "127.0.0.1", port, user, password: secret, database });
    await client.connect();
    try {
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  for (let attempt = 0; ; attempt++) {
    try {
      await query("SELECT 1");
      break;
    } catch (error) {
      if (attempt > 100 || server.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    host: "127.0.0.1",
    port,
    user: "postgres",
    password,
    query,
    log: async () =>
      (
        await promisify(execFile)("cat", [join(folder, "log", "server.log")], {
          maxBuffer: 64 << 20,
        })
      ).stdout,
    stop: async () => {
      server.kill("SIGINT");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
