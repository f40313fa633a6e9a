import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: any;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** In place of JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ends the connection without an answer. */
export const hangUp = Symbol("hangUp");

/** A server on loopback; what a test puts into `before` answers first, each once. */
export interface Server {
  readonly base: string;
  readonly received: Received[];
  /**
   * Answers in place of the forge; `after` lets the forge do its work and then answers with this.
   */
  readonly instead: ((request: Received) => Reply | typeof hangUp | undefined)[];
  readonly after: ((request: Received) => Reply | typeof hangUp | undefined)[];
  close(): Promise<void>;
}

export async function serve(handle: (request: Received) => Reply): Promise<Server> {
  const received: Received[] = [];
  const instead: Server["instead"] = [];
  const after: Server["after"] = [];
  const take = (list: Server["instead"], request: Received) => {
    for (const [index, rule] of list.entries()) {
      const reply = rule(request);
      if (reply !== undefined) {
        list.splice(index, 1);
        return reply;
      }
    }
    return undefined;
  };
  const work = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(message.url ?? "/", "http://forge");
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const request: Received = {
      method: message.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    received.push(request);
    let reply = take(instead, request);
    if (reply === undefined) {
      const own = handle(request);
      reply = take(after, request) ?? own;
    }
    if (reply === hangUp) return void message.socket.destroy();
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    response.end(reply.text ?? (reply.body === undefined ? "" : JSON.stringify(reply.body)));
  };
  const server = createServer((message, response) => {
    work(message, response).catch((error: unknown) => {
      response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    instead,
    after,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One page of a list, with the address of the next in a `Link` header, as both forges do. */
export function page(
  all: readonly unknown[],
  { path, query }: Received,
  base: string,
  largest: number,
): Reply {
  const size = Math.min(Number(query.get("per_page") ?? 20), largest);
  const number = Number(query.get("page") ?? 1);
  const next = new URLSearchParams(query);
  next.set("page", String(number + 1));
  const link =
    number * size < all.length
      ? {
          link: `<${base}${path}?${next.toString()}>; rel="next", <${base}${path}?page=1>; rel="first"`,
        }
      : {};
  return { status: 200, body: all.slice((number - 1) * size, number * size), headers: link };
}
