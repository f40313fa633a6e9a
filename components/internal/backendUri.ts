import type { SslMode } from "../enums.ts";

export interface BackendUriFacts {
  role: string;
  password: string;
  host: string;
  port: number;
  database: string;
  sslMode: SslMode;
  /** Path of the CA bundle inside the pod. */
  caFile: string;
  /** How the server shows the connections, in `pg_stat_activity` for example. */
  applicationName: string;
}

/**
 * The backend store's URI: the driver is explicit, because plain `postgresql://` means psycopg 3
 * from SQLAlchemy 2.1 on.
 */
export function backendUri(facts: BackendUriFacts): string {
  const query = new URLSearchParams({
    sslmode: facts.sslMode,
    ...(facts.sslMode.startsWith("verify-") ? { sslrootcert: facts.caFile } : {}),
    application_name: facts.applicationName,
    // Without these a request to a dead database hangs for more than a minute: seconds to connect,
    // milliseconds without an acknowledgement.
    connect_timeout: "5",
    tcp_user_timeout: "15000",
  });
  const host = facts.host.includes(":") ? `[${facts.host}]` : facts.host;
  const user = `${encodeURIComponent(facts.role)}:${encodeURIComponent(facts.password)}`;
  return `postgresql+psycopg2://${user}@${host}:${facts.port}/${encodeURIComponent(facts.database)}?${query.toString()}`;
}
