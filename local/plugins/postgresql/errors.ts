// Errors of the server and of the connection, in words for the user. Messages never carry a
// statement: it may hold a password.
import { connectionReason } from "../shared/connectionErrors.ts";
import { UserError } from "../shared/provider.ts";
import type { ConnectionSettings } from "./settings.ts";

interface PgError extends Error {
  code?: string;
  detail?: string;
  hint?: string;
}

const refusals: Record<string, string> = {
  "28P01": "the password of this user is wrong",
  "28000": "the server refuses this user (pg_hba.conf)",
  "3D000": "the database does not exist",
  "53300": "the server has no connection slot left",
  "57P03": "the server is starting up or shutting down",
};

export function connectError(
  settings: ConnectionSettings,
  database: string,
  error: unknown,
): UserError {
  const { code, message } = error as PgError;
  const known = /timeout/i.test(message) ? "ETIMEDOUT" : code;
  const reason = connectionReason(known, "sslrootcert") ?? (code && refusals[code]) ?? message;
  const where = `${settings.host}:${settings.port}`;
  return new UserError(
    `PostgreSQL server ${where} is not usable as user "${settings.username}", database "${database}": ${reason}`,
  );
}

export function statementError(what: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const { message, code, detail, hint } = error as PgError;
  const parts = [`${what}: ${message}`];
  if (code === "2BP01" && detail) parts.push(`Still there:\n${indent(detail)}`);
  else if (detail) parts.push(detail);
  if (hint) parts.push(hint);
  return new UserError(parts.join("\n"));
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
