import { request, type RequestOptions } from "node:https";
import { hostOfUrl } from "../platforms/shared.ts";
import { Reason } from "./check.ts";
import type { Context } from "./context.ts";
import { loginOf, type Login } from "./kubeconfig.ts";
import { probeHttps, type Probe } from "./probes.ts";
import { isSupported, ProxyAgent, proxyOf } from "./proxy.ts";

export interface Response {
  readonly status: number;
  readonly body: string;
}

/** An API server that answered; questions to it are asked with the context's login. */
export interface ApiServer {
  /** Undefined where the context has a login of a kind that this program doesn't know. */
  readonly login: Login | undefined;
  get(path: string, accept?: string): Promise<Response>;
  /** Changes the fields that `change` names (a JSON merge patch). */
  patch(path: string, change: object): Promise<Response>;
}

/**
 * Goes the way that kubectl goes. Undefined, with the reason, where that way is none of this
 * program's.
 */
export async function openApiServer(context: Context, probe: Probe): Promise<ApiServer | string> {
  const { server, ca, insecure, serverName, proxy: ofCluster } = context.cluster;
  // Behind a proxy of many clusters the address has a path of its own.
  const at = (path: string) => new URL(server.replace(/\/*$/, path));
  const proxy = ofCluster ?? proxyOf(at("/"));
  if (proxy !== undefined && !isSupported(proxy))
    return `it is behind a proxy of kind ${proxy.protocol.replace(/:$/, "")}`;
  const options: RequestOptions = {
    signal: probe.signal,
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    agent: proxy === undefined ? false : new ProxyAgent(proxy),
  };
  if (proxy === undefined)
    await probeHttps(probe, {
      url: at("/version"),
      ca,
      rejectUnauthorized: !insecure,
      servername: serverName,
    });
  else {
    const { status } = await send(at("/version"), options);
    if (status >= 500) throw new Reason(`it answers with HTTP status ${status}`);
  }
  const login = await loginOf(context, probe.signal);
  const { token, cert, key } = login ?? {};
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = { ...options, ...(cert === undefined ? {} : { cert, key }) };
  return {
    login,
    get: (path, accept = "application/json") =>
      send(at(path), { ...client, headers: { accept, ...authorization } }),
    patch(path, change) {
      const type = { "content-type": "application/merge-patch+json" };
      const headers = { accept: "application/json", ...type, ...authorization };
      return send(at(path), { ...client, method: "PATCH", headers }, JSON.stringify(change));
    },
  };
}

const send = (url: URL, options: RequestOptions, body?: string): Promise<Response> =>
  new Promise((resolve, reject) => {
    const host = hostOfUrl(url.href);
    const outgoing = request(
      { ...options, host, port: url.port || 443, path: `${url.pathname}${url.search}` },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
        answer.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
