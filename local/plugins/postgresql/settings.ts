// Provider arguments -> how to connect.
import { readFileSync } from "node:fs";
import { checkServerIdentity } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import { Settings } from "../shared/bridged/config.ts";
import { UserError } from "../shared/provider.ts";
import { asText, isObject } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";

export interface ConnectionSettings {
  host: string;
  port: number;
  username: string;
  /** Name inside the server where it differs from the login (Azure). */
  databaseUsername: string;
  password: string | undefined;
  database: string;
  ssl: ConnectionOptions | false;
  connectTimeoutMs: number;
  maxConnections: number;
}

const supported = [
  "host", "port", "database", "username", "password", "databaseUsername", "sslmode", "sslMode", "sslrootcert", "clientcert",
  "connectTimeout", "maxConnections", "superuser", "expectedVersion", "scheme",
] as const; // prettier-ignore

/** What the SDK sends when the program gives no connectTimeout. */
const sdkDefaultTimeout = 180;

export function connectionSettings(config: Properties): ConnectionSettings {
  const settings = new Settings("postgresql", config);
  const unsupported = settings
    .unknownKeys(supported)
    .filter((key) => settings.text(key) !== undefined && settings.text(key) !== "false");
  if (unsupported.length > 0) {
    throw new UserError(
      `postgresql provider: ${unsupported.join(", ")} is not supported by the stand-in plugin; install the official one`,
    );
  }
  const scheme = settings.text("scheme") ?? "postgres";
  if (scheme !== "postgres")
    throw new UserError(
      `postgresql provider: scheme "${scheme}" is not supported by the stand-in plugin`,
    );
  const host = settings.text("host") ?? process.env["PGHOST"] ?? "localhost";
  const username = settings.text("username") ?? process.env["PGUSER"] ?? "postgres";
  const timeout = settings.number("connectTimeout") ?? sdkDefaultTimeout;
  return {
    host,
    port: settings.number("port") ?? Number(process.env["PGPORT"] ?? 5432),
    username,
    databaseUsername: settings.text("databaseUsername") ?? username,
    password: settings.text("password") ?? process.env["PGPASSWORD"],
    database: settings.text("database") ?? process.env["PGDATABASE"] ?? "postgres",
    ssl: tls(settings, host),
    // A server that does not answer is told within 10 s unless the program asks for another
    // patience.
    connectTimeoutMs: timeout === sdkDefaultTimeout ? 8000 : timeout * 1000,
    maxConnections: settings.number("maxConnections") || 20,
  };
}

function tls(settings: Settings, host: string): ConnectionOptions | false {
  const mode =
    settings.text("sslmode") ?? settings.text("sslMode") ?? process.env["PGSSLMODE"] ?? "require";
  const root = settings.text("sslrootcert");
  const client = clientCertificate(settings);
  const ca = root ? { ca: readPem("sslrootcert", root) } : {};
  switch (mode) {
    case "disable":
      return false;
    case "require":
      // libpq's rule: a given root certificate is checked even here, the name isn't.
      return {
        ...client,
        ...ca,
        rejectUnauthorized: root !== undefined,
        checkServerIdentity: () => undefined,
      };
    case "verify-ca":
      return { ...client, ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case "verify-full":
      return {
        ...client,
        ...ca,
        rejectUnauthorized: true,
        checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      };
    default:
      throw new UserError(
        `postgresql provider: sslmode "${mode}" is not one of disable, require, verify-ca, verify-full`,
      );
  }
}

function clientCertificate(settings: Settings): ConnectionOptions {
  const value = settings.json("clientcert");
  if (value === undefined) return {};
  if (!isObject(value))
    throw new UserError("postgresql provider: clientcert must be an object with cert and key");
  const [cert, key] = [asText(value["cert"]), asText(value["key"])];
  const inline = value["sslinline"] === true;
  return inline
    ? { cert, key }
    : { cert: readPem("clientcert.cert", cert), key: readPem("clientcert.key", key) };
}

function readPem(key: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(
      `postgresql provider: ${key}: can't read ${path}: ${(error as NodeJS.ErrnoException).code ?? "unreadable"}`,
    );
  }
}
