// The server that a provider instance talks to: one small pool per database, writes one after
// another.
import pg from "pg";
import { connectError, statementError } from "./errors.ts";
import type { ConnectionSettings } from "./settings.ts";

export type Row = Record<string, unknown>;
export interface Session {
  query(sql: string, values?: unknown[]): Promise<Row[]>;
}

export const identifier = pg.escapeIdentifier;
export const literal = pg.escapeLiteral;

interface Identity {
  currentUser: string;
  superuser: boolean;
  version: number;
}

export class PostgresServer {
  readonly settings: ConnectionSettings;
  readonly #pools = new Map<string, pg.Pool>();
  #identity: Promise<Identity> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
  }

  /**
   * Role that the provider acts as, whether it may do everything, and the server's version number
   * (150013 for 15.13).
   */
  identity(): Promise<Identity> {
    this.#identity ??= this.session("", async (session) => {
      const [row] = await session.query(
        "SELECT current_user AS name, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser, current_setting('server_version_num')::int AS version",
      );
      return {
        currentUser: String(row?.["name"]),
        superuser: row?.["superuser"] === true,
        version: Number(row?.["version"]),
      };
    }).catch((error: unknown) => {
      this.#identity = undefined; // the next resource may find the server up again
      throw error;
    });
    return this.#identity;
  }

  /** Runs `work` on one connection to `database` ("" is the provider's own). */
  async session<T>(database: string, work: (session: Session) => Promise<T>): Promise<T> {
    const name = database === "" ? this.settings.database : database;
    let client: pg.PoolClient;
    try {
      client = await this.#pool(name).connect();
    } catch (error) {
      throw connectError(this.settings, name, error);
    }
    let failure: Error | undefined;
    try {
      return await work({
        query: async (sql, values) => (await client.query(sql, values)).rows as Row[],
      });
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      // After a failure the connection may be in a broken transaction: don't use it again.
      client.release(failure);
    }
  }

  /**
   * Like `session`, in a transaction, with no other write of this provider at the same time
   * (catalog updates of one row collide).
   */
  change<T>(database: string, what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.exclusive(async () => {
      try {
        return await this.session(database, async (session) => {
          await session.query("BEGIN");
          const result = await work(session);
          await session.query("COMMIT");
          return result;
        });
      } catch (error) {
        throw statementError(what, error);
      }
    });
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Runs `work` as a member of `roles`: an administrator that is no superuser (any managed service)
   * may only give ownership to, or change objects of, a role that it is a member of. The
   * memberships that were added are taken back.
   */
  async asMemberOf<T>(session: Session, roles: string[], work: () => Promise<T>): Promise<T> {
    const { superuser, version } = await this.identity();
    const wanted = superuser
      ? []
      : [...new Set(roles)].filter((role) => role !== "" && role.toLowerCase() !== "public");
    const added: string[] = [];
    // Since 16 the creator of a role is a member with ADMIN only, which is not enough to own things
    // for it.
    const test =
      version >= 160000
        ? "pg_has_role(oid, 'SET') AND pg_has_role(oid, 'USAGE')"
        : "pg_has_role(oid, 'MEMBER')";
    for (const role of wanted) {
      const [row] = await session.query(
        `SELECT ${test} AS member FROM pg_roles WHERE rolname = $1`,
        [role],
      );
      if (!row || row["member"] === true) continue;
      await session.query(`GRANT ${identifier(role)} TO CURRENT_USER`);
      added.push(role);
    }
    const takeBack = async (): Promise<void> => {
      for (const role of added) {
        const [row] = await session.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
        if (row) await session.query(`REVOKE ${identifier(role)} FROM CURRENT_USER`);
      }
    };
    let result: T;
    try {
      result = await work();
    } catch (error) {
      // In a transaction the rollback takes them back, and this statement fails; the first error is
      // the one to tell.
      await takeBack().catch(() => undefined);
      throw error;
    }
    await takeBack();
    return result;
  }

  /** Our own connections would keep a database from being dropped or renamed. */
  async release(database: string): Promise<void> {
    const pool = this.#pools.get(database);
    this.#pools.delete(database);
    await pool?.end();
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.end()));
  }

  #pool(database: string): pg.Pool {
    const known = this.#pools.get(database);
    if (known) return known;
    const { host, port, username, password, ssl, connectTimeoutMs, maxConnections } = this.settings;
    const pool = new pg.Pool({
      host,
      port,
      user: username,
      ...(password !== undefined && { password }),
      database,
      ssl,
      connectionTimeoutMillis: connectTimeoutMs,
      max: Math.min(maxConnections, 4),
      idleTimeoutMillis: 2000,
      allowExitOnIdle: true,
      application_name: "pulumi",
    });
    // An idle connection that the server ends (a dropped database) is no error of any resource.
    pool.on("error", () => undefined);
    this.#pools.set(database, pool);
    return pool;
  }
}
