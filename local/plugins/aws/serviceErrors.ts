// Answers of a service, in words for the user.
import { connectionReason } from "../shared/connectionErrors.ts";
import { UserError } from "../shared/provider.ts";
import type { Service } from "./connection.ts";

interface StoreError extends Error {
  Code?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

export function codeOf(error: unknown): string {
  const { name, Code, code } = error as StoreError;
  return Code ?? (name === "Error" || name === "AggregateError" ? (code ?? name) : name);
}

export function statusOf(error: unknown): number | undefined {
  return (error as StoreError).$metadata?.httpStatusCode;
}

export function isMissing(error: unknown, ...codes: string[]): boolean {
  return codes.includes(codeOf(error)) || codeOf(error) === "NoSuchBucket";
}

export function isNotImplemented(error: unknown): boolean {
  return (
    statusOf(error) === 501 ||
    ["NotImplemented", "XNotImplemented", "MethodNotAllowed"].includes(codeOf(error))
  );
}

/** `what` reads like "can't set the policy of bucket x". */
export function serviceError(service: Service, what: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const code = codeOf(error);
  const { message, code: system } = error as StoreError;
  if (isNotImplemented(error)) {
    return new UserError(
      `${what}: the ${service.kind} ${service.where} does not offer this (${statusOf(error) ?? 501} ${code}); leave this resource out for it`,
    );
  }
  const reason = [system, code, code === "TimeoutError" ? "ETIMEDOUT" : undefined]
    .map((known) => connectionReason(known, "customCaBundle"))
    .find((words) => words !== undefined);
  if (reason)
    return new UserError(`${what}: the ${service.kind} ${service.where} can't be used: ${reason}`);
  if (code === "InvalidAccessKeyId" || code === "SignatureDoesNotMatch") {
    return new UserError(
      `${what}: the ${service.kind} ${service.where} refuses the credentials (${code}): accessKey or secretKey is wrong`,
    );
  }
  return new UserError(
    `${what}: ${code}${message && message !== code ? `: ${message}` : ""} (${service.kind} ${service.where}, status ${statusOf(error) ?? "none"})`,
  );
}

/** Runs a request and tells its failure. */
export async function call<T>(service: Service, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw serviceError(service, what, error);
  }
}

/** Like `call`; undefined where the service says that there is no such thing. */
export async function find<T>(
  service: Service,
  what: string,
  missing: string[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error, ...missing) || statusOf(error) === 404) return undefined;
    throw serviceError(service, what, error);
  }
}
