// The API server over HTTPS: JSON in and out, errors as ApiError, transient failures tried again,
// every wait ended by a signal.
import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Properties } from "../shared/values.ts";
import { ApiError, ConnectionError, isTransient } from "./apiError.ts";
import type { Cluster } from "./kubeconfig.ts";
import type { Kind } from "./kinds.ts";

export type Query = Record<string, string | undefined>;

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal | undefined;
  /** Limit of one attempt, in ms. */
  timeout?: number;
  /** May the request be sent again when it is not known whether it had an effect? */
  repeatable?: boolean;
  /** How often to try again after a transient failure; as long as the pauses last by default. */
  retries?: number;
  /** Called for each warning that the server sends along, such as an unknown field. */
  onWarning?: ((warning: string) => void) | undefined;
}

const pauses = [250, 500, 1000, 2000];

export class Client {
  readonly #cluster: Cluster;
  readonly #agent: { current?: http.Agent } = {};

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get server(): string {
    return this.#cluster.server;
  }

  get namespace(): string {
    return this.#cluster.namespace;
  }

  path(kind: Kind, namespace: string, name?: string): string {
    const root = kind.apiVersion.includes("/")
      ? `/apis/${kind.apiVersion}`
      : `/api/${kind.apiVersion}`;
    const scope = kind.namespaced
      ? `/namespaces/${encodeURIComponent(namespace === "" ? "default" : namespace)}`
      : "";
    return `${root}${scope}/${kind.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
  }

  get(kind: Kind, namespace: string, name: string, signal?: AbortSignal): Promise<Properties> {
    return this.json("GET", this.path(kind, namespace, name), { signal });
  }

  async list(
    kind: Kind,
    namespace: string,
    query: Query,
    signal?: AbortSignal,
  ): Promise<Properties[]> {
    const { items } = await this.json("GET", this.path(kind, namespace), { query, signal });
    return (Array.isArray(items) ? items : []) as Properties[];
  }

  async json(method: string, path: string, options: RequestOptions = {}): Promise<Properties> {
    return JSON.parse(await this.text(method, path, options)) as Properties;
  }

  /** The body of a successful answer. */
  async text(method: string, path: string, options: RequestOptions = {}): Promise<string> {
    const repeatable = options.repeatable ?? method !== "POST";
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await this.#open(method, path, options);
        const body = await readAll(response);
        const code = response.statusCode ?? 0;
        for (const warning of warnings(response)) options.onWarning?.(warning);
        if (code >= 200 && code < 300) return body;
        throw ApiError.from(code, body);
      } catch (error) {
        const pause = attempt < (options.retries ?? pauses.length) ? pauses[attempt] : undefined;
        const harmless =
          repeatable ||
          (error instanceof ConnectionError
            ? error.unsent
            : error instanceof ApiError && error.code === 429);
        if (pause === undefined || !isTransient(error) || !harmless || options.signal?.aborted)
          throw error;
        await sleep(pause, undefined, options.signal && { signal: options.signal });
      }
    }
  }

  /**
   * Calls back for every event of a watch until it ends; the caller looks for itself what the event
   * means.
   */
  async watch(
    kind: Kind,
    namespace: string,
    query: Query,
    onEvent: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const options = { query: { ...query, watch: "true" }, signal, timeout: 0 };
    const response = await this.#open("GET", this.path(kind, namespace), options);
    if (response.statusCode !== 200)
      throw ApiError.from(response.statusCode ?? 0, await readAll(response));
    for await (const chunk of response) if (chunk) onEvent();
  }

  async #open(
    method: string,
    path: string,
    options: RequestOptions,
  ): Promise<http.IncomingMessage> {
    const url = new URL(this.#cluster.server.replace(/\/+$/, "") + path);
    for (const [key, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(key, value);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const request: https.RequestOptions = {
      method,
      headers: { accept: "application/json", "user-agent": "pulumi-kubernetes/v4.34.2" },
    };
    await this.#authenticate(request);
    if (body !== undefined) {
      Object.assign(request.headers!, {
        "content-type": options.contentType ?? "application/json",
        "content-length": Buffer.byteLength(body),
      });
    }
    const timeout = options.timeout ?? 30_000;
    return await new Promise((resolve, reject) => {
      const sent = (url.protocol === "http:" ? http : https).request(url, request, resolve);
      let connected = false;
      sent.on("socket", (socket) => {
        connected = !socket.connecting;
        if (!connected) socket.once("connect", () => (connected = true));
      });
      sent.on("error", (error: NodeJS.ErrnoException) => {
        reject(
          options.signal?.aborted
            ? error
            : new ConnectionError(
                connectionMessage(this.server, error),
                !connected,
                isUntrusted(error),
              ),
        );
      });
      if (timeout > 0) {
        const timer = globalThis.setTimeout(
          () => sent.destroy(new Error(`no answer within ${timeout / 1000} s`)),
          timeout,
        );
        sent.on("close", () => clearTimeout(timer));
      }
      if (options.signal) {
        const abort = (): void => void sent.destroy(new Error("cancelled"));
        if (options.signal.aborted) abort();
        options.signal.addEventListener("abort", abort, { once: true });
        sent.on("close", () => options.signal?.removeEventListener("abort", abort));
      }
      sent.end(body);
    });
  }

  async #authenticate(request: https.RequestOptions): Promise<void> {
    const { config } = this.#cluster;
    await config.applyToHTTPSOptions(request);
    if (config.getCurrentCluster()?.proxyUrl) return;
    // The library's agent opens a connection per request.
    this.#agent.current ??= this.server.startsWith("http:")
      ? new http.Agent({ keepAlive: true })
      : new https.Agent({
          keepAlive: true,
          ca: request.ca,
          cert: request.cert,
          key: request.key,
          servername: request.servername,
          ...(request.rejectUnauthorized !== undefined && {
            rejectUnauthorized: request.rejectUnauthorized,
          }),
        });
    request.agent = this.#agent.current;
  }

  close(): void {
    this.#agent.current?.destroy();
  }
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new ConnectionError(
      `the connection broke in the middle of an answer: ${(error as Error).message}`,
      false,
    );
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Texts of `Warning: 299 - "…"` headers. */
function warnings(response: http.IncomingMessage): string[] {
  const header = response.headersDistinct["warning"] ?? [];
  return header.flatMap((line) =>
    [...line.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
      match[1]!.replaceAll(/\\(.)/g, "$1"),
    ),
  );
}

const explanations: Record<string, string> = {
  ECONNREFUSED: "connection refused; is it running?",
  ENOTFOUND: "its host name is not known",
  EAI_AGAIN: "its host name could not be looked up",
  EHOSTUNREACH: "no route to its host",
  ENETUNREACH: "no route to its network",
  ETIMEDOUT: "no answer",
};

/**
 * TLS errors about the server's certificate: expired, for another name, or of an authority that the
 * kubeconfig doesn't name.
 */
function isUntrusted(error: NodeJS.ErrnoException): boolean {
  return /CERT|UNABLE_TO_VERIFY/.test(error.code ?? "");
}

export function connectionMessage(server: string, error: NodeJS.ErrnoException): string {
  const code = error.code ?? (error as { cause?: NodeJS.ErrnoException }).cause?.code ?? "";
  if (isUntrusted(error))
    return `${server}: its certificate is not the one that the kubeconfig expects (${code}); was the cluster made anew?`;
  const known = explanations[code];
  return `${server}: ${known ? `${known} (${code})` : error.message === "" ? code : error.message}`;
}
