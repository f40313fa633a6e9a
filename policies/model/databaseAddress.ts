// Addresses of databases as SQLAlchemy reads them. They hold a password: nothing of one but what is
// named here goes to a message.

/**
 * Modes of TLS between a client and PostgreSQL, from the weakest on; only the last three refuse to
 * go on in clear.
 */
export const sslModes = [
  "disable",
  "allow",
  "prefer",
  "require",
  "verify-ca",
  "verify-full",
] as const;

export const isPostgresql = (text: string): boolean =>
  /^postgres(ql)?(\+[a-z0-9]+)?:\/\//i.test(text);

/**
 * The parameter `sslmode` of an address; undefined where it says nothing, and the client prefers
 * TLS without insisting.
 */
export const sslModeOf = (address: string): string | undefined =>
  /[?&]sslmode=([^&#]*)/.exec(address)?.[1];

export const isSqlite = (text: string): boolean => /^sqlite(\+[a-z0-9]+)?:/i.test(text);

/** A folder, which MLflow takes for a store, too. */
export const isOnOneDisk = (text: string): boolean =>
  isSqlite(text) || /^(file:|\.{0,2}\/|[\w-]+$)/i.test(text);
