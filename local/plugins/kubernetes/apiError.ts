// Answers of an API server that are no success, and connections that never got that far.

export class ApiError extends Error {
  /** HTTP status. */
  readonly code: number;
  /** The machine-readable reason, such as `AlreadyExists`. */
  readonly reason: string;
  /**
   * Name of the resource kind that the server couldn't find or that conflicts, such as
   * `namespaces`.
   */
  readonly about: string;

  constructor(code: number, reason: string, message: string, about = "") {
    super(message);
    this.code = code;
    this.reason = reason;
    this.about = about;
  }

  static from(code: number, body: string): ApiError {
    try {
      const status = JSON.parse(body) as {
        reason?: string;
        message?: string;
        details?: { kind?: string };
      };
      return new ApiError(
        code,
        status.reason ?? "",
        status.message ?? `HTTP ${code}`,
        status.details?.kind ?? "",
      );
    } catch {
      return new ApiError(
        code,
        "",
        `HTTP ${code}${body === "" ? "" : `: ${body.slice(0, 300).trim()}`}`,
      );
    }
  }
}

/** The server was not reached, or the connection broke. */
export class ConnectionError extends Error {
  /** true when the request surely had no effect. */
  readonly unsent: boolean;
  /** true when another try would end the same way, as with a certificate that isn't trusted. */
  readonly lasting: boolean;
  constructor(message: string, unsent: boolean, lasting = false) {
    super(message);
    this.unsent = unsent;
    this.lasting = lasting;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404;
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409 && error.reason !== "AlreadyExists";
}

export function alreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.reason === "AlreadyExists";
}

export function isNamespaceNotFound(error: unknown): boolean {
  return isNotFound(error) && (error as ApiError).about === "namespaces";
}

/** Busy, starting or stopping: worth another try. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionError) return !error.lasting;
  return error instanceof ApiError && [429, 500, 502, 503, 504].includes(error.code);
}
