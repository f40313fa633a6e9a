import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { hostOfUrl } from "../platforms/shared.ts";

/**
 * One connection being tried. It knows the outermost socket only: ending a raw socket under a TLS
 * one is not safe in Node.
 */
export class Probe {
  private socket: Socket | undefined;
  private failed: Promise<never> = new Promise(() => undefined);
  readonly #abort = new AbortController();

  /**
   * For what opens connections of its own: aborted when the answer is known, or no longer
   * awaited.
   */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Waits until the socket says `event`. */
  async open(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
    this.socket = socket;
    this.failed = new Promise((_, reject) => {
      socket.on("error", reject);
      socket.on("close", () => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
    });
    // Late failures, after the answer is known, don't matter.
    this.failed.catch(() => undefined);
    await Promise.race([
      this.failed,
      new Promise<void>((resolve) => socket.once(event, () => resolve())),
    ]);
  }

  /** Sends and gives the first bytes that come back. */
  async ask(request: string | Buffer): Promise<string> {
    const answer = new Promise<Buffer>((resolve) => this.socket?.once("data", resolve));
    this.socket?.write(request);
    return (await Promise.race([this.failed, answer])).toString("latin1");
  }

  async openTls(options: ConnectionOptions & { host: string }): Promise<void> {
    // A server name must not be an address (RFC 6066); the certificate is checked against the host
    // all the same.
    const servername = options.servername ?? (isIP(options.host) === 0 ? options.host : "");
    await this.open(connectTls({ ...options, servername }), "secureConnect");
  }

  end(): void {
    this.#abort.abort();
    this.socket?.destroy();
  }
}

export interface HttpsTarget {
  readonly url: URL;
  readonly ca?: string | undefined;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string | undefined;
}

/** Any answer in HTTP will do, a refusal too: who may do what is for the provider to find out. */
export async function probeHttps(
  probe: Probe,
  { url, ca, rejectUnauthorized = true, servername }: HttpsTarget,
): Promise<void> {
  await probe.openTls({
    host: hostOfUrl(url.href),
    port: Number(url.port || 443),
    rejectUnauthorized,
    ...(ca === undefined ? {} : { ca }),
    ...(servername === undefined ? {} : { servername }),
  });
  const answer = await probe.ask(
    `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`,
  );
  const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(answer)?.[1];
  if (status === undefined) throw new Error("it answers, but not in HTTP");
  if (status.startsWith("5")) throw new Error(`it answers with HTTP status ${status}`);
}

/** libpq's sslmode. */
export type SslMode = "verify-full" | "verify-ca" | "require" | "disable";

/**
 * How a server's certificate is checked in a mode with TLS, by libpq's rules: the providers have
 * the same.
 */
export const certificateCheck = (sslMode: SslMode, ca: string | undefined): ConnectionOptions => ({
  // Where authorities are given, `require` checks against them, too.
  rejectUnauthorized: sslMode !== "require" || ca !== undefined,
  ...(ca === undefined ? {} : { ca }),
  ...(sslMode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
});

/**
 * PostgreSQL's own greeting: asks for TLS, and goes through the handshake with the certificate
 * check of the mode.
 */
export async function probePostgresql(
  probe: Probe,
  {
    host,
    port,
    sslMode,
  }: { readonly host: string; readonly port: number; readonly sslMode: SslMode },
  ca: string | undefined,
): Promise<void> {
  const raw = connectTcp({ host, port });
  await probe.open(raw, "connect");
  const sslRequest = Buffer.alloc(8);
  sslRequest.writeInt32BE(8, 0);
  sslRequest.writeInt32BE(80_877_103, 4);
  const answer = (await probe.ask(sslRequest)).charAt(0);
  if (answer !== "S" && answer !== "N") throw new Error("it answers, but is not PostgreSQL");
  if (sslMode === "disable") return;
  if (answer === "N") throw new Error(`it has no TLS, which sslMode ${sslMode} asks for`);
  await probe.openTls({ ...certificateCheck(sslMode, ca), host, socket: raw });
}
