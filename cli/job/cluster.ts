import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { wordsFor } from "../../program/preflight/check.ts";
import { ExitCode } from "../exitCode.ts";
import { Refusal } from "../refusal.ts";

/** An answer of the API server that isn't the wanted one, or none at all (then `status` is 0). */
export class ClusterError extends Refusal {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message, ExitCode.Failed);
    this.status = status;
  }
}

interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Default: usual. */
  readonly limit?: keyof Limits;
}

/** How long the API server may take for an answer, in milliseconds. */
export interface Limits {
  /**
   * The first question: a cluster that isn't there is said within 5 s, start of the program
   * included.
   */
  readonly first: number;
  readonly usual: number;
  /** To make something: admission webhooks may take 30 s by themselves. */
  readonly create: number;
}

const defaultLimits: Limits = { first: 3_000, usual: 15_000, create: 40_000 };

/**
 * The API server of one context. The login is the library's work (certificates, tokens, exec
 * plugins); the requests are ours, because its typed client has no time limit, can't follow a log
 * that is silent for minutes, and drops fields of a Job's template that it doesn't know.
 */
export class Cluster {
  readonly #config: KubeConfig;
  readonly #server: URL;
  readonly #limits: Limits;
  readonly where: string;

  constructor(config: KubeConfig, limits = defaultLimits) {
    this.#config = config;
    this.#server = new URL(config.getCurrentCluster()?.server ?? "");
    this.#limits = limits;
    this.where = `the cluster of context ${config.getCurrentContext()} (${this.#server.origin})`;
  }

  async json<T>(path: string, call: Call = {}): Promise<T> {
    // One time limit over connection, answer and body.
    const ms = this.#limits[call.limit ?? "usual"];
    const limit = AbortSignal.timeout(ms);
    const signal = call.signal === undefined ? limit : AbortSignal.any([limit, call.signal]);
    try {
      return JSON.parse(await textOf(await this.#send(path, { ...call, signal }))) as T;
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason as Error;
      throw limit.aborted
        ? new ClusterError(`no answer from ${this.where} within ${ms / 1000} s`, 0)
        : this.#explained(error);
    }
  }

  /**
   * Lines of a body that may go on for hours and be silent for long; a lost connection is found by
   * TCP's own probes.
   */
  async *lines(path: string, call: Call = {}): AsyncGenerator<string> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#limits.usual);
    try {
      const signal =
        call.signal === undefined ? late.signal : AbortSignal.any([late.signal, call.signal]);
      const answer = await this.#send(path, { ...call, signal });
      clearTimeout(timer);
      yield* linesOf(answer);
    } catch (error) {
      throw call.signal?.aborted ? (call.signal.reason as Error) : this.#explained(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(
    path: string,
    { method = "GET", query = {}, body, signal }: Call,
  ): Promise<IncomingMessage> {
    const url = new URL(this.#server.pathname.replace(/\/$/, "") + path, this.#server);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const options: RequestOptions = { method };
    await this.#config.applyToHTTPSOptions(options);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept: "application/json, */*",
      ...(options.headers as Record<string, string> | undefined),
      ...(payload === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }),
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const open = url.protocol === "http:" ? httpRequest : httpsRequest;
      const outgoing = open(
        url,
        { ...options, headers, ...(signal === undefined ? {} : { signal }) },
        resolve,
      );
      outgoing.on("socket", (socket) => socket.setKeepAlive(true, 30_000));
      outgoing.on("error", reject);
      outgoing.end(payload);
    });
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw new ClusterError(this.#refusalOf(status, await textOf(answer)), status);
  }

  #refusalOf(status: number, text: string): string {
    const said = messageIn(text) ?? `HTTP ${status}`;
    if (status === 401) return `${this.where} does not accept the login of that context: ${said}`;
    if (status === 403) return `no right on ${this.where}: ${said}`;
    return `${this.where} says: ${said}`;
  }

  #explained(error: unknown): Error {
    if (error instanceof Refusal) return error;
    const words =
      (error as Error).name === "AbortError"
        ? "no answer"
        : wordsFor(error as NodeJS.ErrnoException);
    return new ClusterError(`${this.where} can't be reached: ${words}`, 0);
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

// Not node:readline: it also breaks lines at U+2028, which may stand inside of a JSON text.
async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of answer) {
    const parts = (rest + decoder.decode(chunk as Buffer, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}

function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}
