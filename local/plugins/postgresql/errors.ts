// Errors of the server and of the connection, in words for the user. Messages never carry a statement: it may hold a password.
import { UserError } from "../shared/provider.ts";
import type { ConnectionSettings } from "./settings.ts";

interface PgError extends Error {
  code?: string;
  detail?: string;
  hint?: string;
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name can't be resolved now",
  ETIMEDOUT: "no answer in time",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ECONNRESET: "the server closed the connection",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not signed by a trusted authority (sslrootcert)",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not signed by a trusted authority (sslrootcert)",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not signed by a trusted authority (sslrootcert)",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not signed by a trusted authority (sslrootcert)",
  CERT_SIGNATURE_FAILURE: "its certificate is not signed by a trusted authority (sslrootcert)",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  CERT_HAS_EXPIRED: "its certificate has expired",
  "28P01": "the password of this user is wrong",
  "28000": "the server refuses this user (pg_hba.conf)",
  "3D000": "the database does not exist",
  "53300": "the server has no connection slot left",
  "57P03": "the server is starting up or shutting down",
};

export function connectError(settings: ConnectionSettings, database: string, error: unknown): UserError {
  const { code, message } = error as PgError;
  const reason = (code && reasons[code]) ?? (/timeout/i.test(message) ? reasons["ETIMEDOUT"]! : message);
  const where = `${settings.host}:${settings.port}`;
  return new UserError(`PostgreSQL server ${where} is not usable as user "${settings.username}", database "${database}": ${reason}`);
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
