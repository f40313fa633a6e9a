import { readFile } from "node:fs/promises";
import { request, type Agent, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import { certificatePath, keyPath } from "./certificates.ts";

export interface Identity {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A certificate of the profile as client, trusting one of its authorities. */
export async function identityOf(pki: string, authority: string, name?: string): Promise<Identity> {
  const [ca, cert, key] = await Promise.all([
    readFile(certificatePath(pki, authority), "utf8"),
    name === undefined ? undefined : readFile(certificatePath(pki, name), "utf8"),
    name === undefined ? undefined : readFile(keyPath(pki, name), "utf8"),
  ]);
  return { ca, ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly timeoutMs?: number;
  readonly servername?: string;
}

/** One HTTPS call with a time limit; the answer's status is the caller's to judge. */
export function call(
  url: string,
  identity: Identity,
  { method = "GET", headers = {}, body, timeoutMs = 5_000, servername }: Call = {},
  agent?: Agent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      ...identity,
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      },
      agent: agent ?? false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(servername === undefined ? {} : { servername }),
    };
    const outgoing = request(url, options, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", reject);
    });
    outgoing.on("error", (error) =>
      reject(
        error.name === "AbortError" || error.name === "TimeoutError"
          ? new Error(`${url} did not answer in ${timeoutMs / 1000} s`)
          : error,
      ),
    );
    outgoing.end(body);
  });
}

/** Fails unless the URL answers 200. */
export async function expectOk(url: string, identity: Identity, options: Call = {}): Promise<void> {
  const { status, body } = await call(url, identity, { timeoutMs: 2_000, ...options });
  if (status !== 200) throw new Error(`${url} answered ${status}: ${body.slice(0, 300)}`);
}
