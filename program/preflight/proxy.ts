import { request as httpRequest } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { BlockList, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { Reason } from "./check.ts";

// The providers are Go programs, so the rules of Go decide which connection goes through a proxy.

type Shell = Readonly<Record<string, string | undefined>>;

/** The proxy that the shell configures for a URL with https; undefined for a direct connection. */
export function proxyOf(url: URL, env: Shell = process.env): URL | undefined {
  const setting = env["HTTPS_PROXY"] || env["https_proxy"];
  if (!setting || isExcepted(url, env["NO_PROXY"] || env["no_proxy"] || "")) return undefined;
  return proxyUrl(setting, "HTTPS_PROXY");
}

/** Reads a proxy's address; its login is part of no message. */
export function proxyUrl(setting: string, where: string): URL {
  const text = /^[a-z0-9]+:\/\//i.test(setting) ? setting : `http://${setting}`;
  if (!URL.canParse(text)) throw new Reason(`the proxy in ${where} is no URL`);
  return new URL(text);
}

/** Whether this program can go through the proxy; client-go also knows SOCKS. */
export const isSupported = ({ protocol }: URL): boolean =>
  protocol === "http:" || protocol === "https:";

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "").toLowerCase();

// Go never uses a proxy for the machine itself.
function isExcepted(url: URL, list: string): boolean {
  const host = hostOf(url);
  const family = isIP(host);
  if (host === "localhost" || host === "::1" || (family === 4 && host.startsWith("127.")))
    return true;
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && matches(entry, host, url.port || "443", family));
}

function matches(entry: string, host: string, port: string, family: number): boolean {
  if (entry === "*") return true;
  const [, address = "", length] = /^([0-9a-f.:]+)\/([0-9]{1,3})$/.exec(entry) ?? [];
  if (length !== undefined) {
    const kind = isIP(address);
    if (kind === 0 || kind !== family || Number(length) > (kind === 4 ? 32 : 128)) return false;
    const block = new BlockList();
    block.addSubnet(address, Number(length), kind === 4 ? "ipv4" : "ipv6");
    return block.check(host, kind === 4 ? "ipv4" : "ipv6");
  }
  const [, name = entry, ofPort] =
    isIP(entry) === 6 ? [] : (/^\[?(.+?)\]?:([0-9]+)$/.exec(entry) ?? []);
  if (ofPort !== undefined && ofPort !== port) return false;
  if (isIP(name) !== 0) return name === host;
  const suffix = name.replace(/^\*/, "");
  return suffix.startsWith(".")
    ? host.endsWith(suffix)
    : host === suffix || host.endsWith(`.${suffix}`);
}

/** A connection through a proxy: the tunnel that CONNECT opens. */
export function tunnel(
  proxy: URL,
  host: string,
  port: number,
  signal?: AbortSignal,
): Promise<Duplex> {
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const shown = `the proxy ${proxy.host}`;
  return new Promise((resolve, reject) => {
    const outgoing = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
      host: hostOf(proxy),
      port: Number(proxy.port || (proxy.protocol === "https:" ? 443 : 80)),
      method: "CONNECT",
      path: target,
      headers: {
        host: target,
        ...(login === ":"
          ? {}
          : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` }),
      },
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    outgoing.on("connect", ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Reason(`${shown} refuses the connection with HTTP status ${statusCode}`));
    });
    outgoing.on("response", ({ statusCode = 0 }) => {
      outgoing.destroy();
      reject(new Reason(`${shown} refuses the connection with HTTP status ${statusCode}`));
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.name === "AbortError"
          ? error
          : new Reason(`${shown} can't be reached (${error.code ?? error.message})`),
      ),
    );
    outgoing.end();
  });
}

/** The agent of a client whose connections go through a proxy. */
export class ProxyAgent extends Agent {
  readonly #proxy: URL;

  constructor(proxy: URL, options: { readonly ca?: string } = {}) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): null {
    const { host, servername } = options as { host: string; servername?: string };
    tunnel(this.#proxy, host, Number(options.port ?? 443)).then(
      (socket) => {
        const name = servername ?? (isIP(host) === 0 ? host : "");
        const secured = connectTls({ ...(options as object), socket, servername: name });
        const failed = (error: Error) => callback?.(error, secured);
        secured.once("error", failed);
        secured.once("secureConnect", () => {
          secured.removeListener("error", failed);
          callback?.(null, secured);
        });
      },
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
    return null;
  }
}
