import { createServer, type Server as HttpServer } from "node:http";
import type { Server } from "node:https";
import { connect, type Server as TcpServer, type Socket } from "node:net";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { clientLimits } from "../../../../program/preflight/awsClient.ts";
import { isSupported, proxyOf, proxyUrl } from "../../../../program/preflight/proxy.ts";
import { fixtureEnvironment } from "../support.ts";
import {
  hidden,
  httpsServer,
  ingressClasses,
  issue,
  kubeconfig,
  listen,
  portOf,
  postgresqlServer,
  refusals,
  type Issued,
} from "./fakes.ts";

const notes = vi.hoisted((): string[] => []);
vi.mock(import("@pulumi/pulumi"), async (original) => {
  const module = await original();
  return {
    ...module,
    log: { ...module.log, info: (text: string) => Promise.resolve(void notes.push(text)) },
  };
});

describe("which proxy is taken", () => {
  const proxy = { HTTPS_PROXY: "http://proxy.example:3128" };
  test.each<[string, Record<string, string>, string | undefined]>([
    ["https://api.example:6443", {}, undefined],
    ["https://api.example:6443", proxy, "http://proxy.example:3128"],
    [
      "https://api.example:6443",
      { https_proxy: "proxy.example:3128" },
      "http://proxy.example:3128",
    ],
    ["https://api.example:6443", { HTTP_PROXY: "http://proxy.example:3128" }, undefined],
    ["https://api.example:6443", { ...proxy, NO_PROXY: "example" }, undefined],
    ["https://api.example:6443", { ...proxy, NO_PROXY: ".example" }, undefined],
    ["https://api.example:6443", { ...proxy, NO_PROXY: "*.example" }, undefined],
    ["https://example", { ...proxy, NO_PROXY: ".example" }, "http://proxy.example:3128"],
    [
      "https://api.example:6443",
      { ...proxy, no_proxy: "ample, other" },
      "http://proxy.example:3128",
    ],
    [
      "https://api.example:6443",
      { ...proxy, NO_PROXY: "api.example:443" },
      "http://proxy.example:3128",
    ],
    ["https://api.example:6443", { ...proxy, NO_PROXY: "api.example:6443" }, undefined],
    ["https://api.example", { ...proxy, NO_PROXY: "*" }, undefined],
    ["https://10.1.2.3:6443", { ...proxy, NO_PROXY: "10.0.0.0/8" }, undefined],
    [
      "https://11.1.2.3:6443",
      { ...proxy, NO_PROXY: "10.0.0.0/8,300.1.1.1/8,10.0.0.0/99" },
      "http://proxy.example:3128",
    ],
    ["https://[fd00::1]:6443", { ...proxy, NO_PROXY: "fd00::/8" }, undefined],
    ["https://[fd00::1]:6443", { ...proxy, NO_PROXY: "fd00::1" }, undefined],
    [
      "https://[fe00::1]:6443",
      { ...proxy, NO_PROXY: "fd00::/8,10.0.0.0/8" },
      "http://proxy.example:3128",
    ],
    ["https://127.0.0.1:6443", proxy, undefined],
    ["https://localhost:6443", proxy, undefined],
    ["https://[::1]:6443", proxy, undefined],
  ])("%s with %j: %s", (url, env, expected) => {
    expect(proxyOf(new URL(url), env)?.href.replace(/\/$/, "")).toBe(expected);
  });

  test("a proxy that is no URL is an error without its login; SOCKS is not this program's", () => {
    expect(() => proxyUrl(`http://me:${hidden}@[`, "HTTPS_PROXY")).toThrow(
      /^the proxy in HTTPS_PROXY is no URL$/,
    );
    expect(isSupported(new URL("socks5://proxy.example:1080"))).toBe(false);
  });
});

describe("a cluster behind a proxy", () => {
  let ca: Issued;
  let api: Server, s3: Server, postgresql: TcpServer, proxy: HttpServer;
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  let proxyStatus = 200;
  beforeAll(async () => {
    ca = await issue("authority");
    const loopback = await issue("loopback", "127.0.0.1", ca);
    const api200 = ingressClasses("nginx");
    api = httpsServer(loopback, ({ headers }) =>
      headers.authorization === "Bearer let-me-in"
        ? { status: 200, body: api200 }
        : { status: 403 },
    );
    s3 = httpsServer(loopback, () => ({ status: 404 }));
    postgresql = postgresqlServer(loopback, { version: 160_009 }, sockets);
    // Resolves names that nobody else knows, as a proxy at the border of a network does.
    proxy = createServer();
    proxy.on("connect", (request, client: Socket) => {
      asked.push(`${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
      if (proxyStatus !== 200) return client.end(`HTTP/1.1 ${proxyStatus} No\r\n\r\n`);
      const target = connect(portOf(api), "127.0.0.1", () =>
        client.write("HTTP/1.1 200 OK\r\n\r\n"),
      );
      for (const socket of [client, target]) sockets.add(socket.on("error", () => undefined));
      client.pipe(target).pipe(client);
    });
    await Promise.all([api, s3, postgresql, proxy].map((server) => listen(server)));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of [api, s3, postgresql, proxy]) server.close();
  });
  beforeEach(() => {
    asked.length = notes.length = 0;
    proxyStatus = 200;
  });
  afterEach(() => void vi.unstubAllEnvs());

  /** A context whose API server has a name that DNS doesn't know. */
  function run(proxyOfCluster?: string) {
    const file = kubeconfig("https://127.0.0.1:1", ca.pem.cert);
    const setting = proxyOfCluster === undefined ? "" : `\n      proxy-url: ${proxyOfCluster}`;
    const server = `server: https://cluster.invalid:6443\n      tls-server-name: 127.0.0.1${setting}`;
    writeFileSync(file, readFileSync(file, "utf8").replace("server: https://127.0.0.1:1", server));
    const environment = fixtureEnvironment(({ platform }) => {
      platform.caBundle = ca.pem.cert;
      platform.kubernetes = { kubeconfig: file, context: "one" };
      platform.ingress.className = "nginx";
      Object.assign(platform.postgresql, { host: "127.0.0.1", port: portOf(postgresql) });
      platform.objectStore.endpoint = `https://127.0.0.1:${portOf(s3)}`;
    });
    return refusals(environment, { said: notes });
  }
  const at = (login = "") => `http://${login}127.0.0.1:${portOf(proxy)}`;

  test("is asked through proxy-url, with the proxy's login", async () => {
    expect(await run(at(`me:${hidden}@`))).toEqual([]);
    expect(notes).toEqual([]);
    const login = `Basic ${Buffer.from(`me:${hidden}`).toString("base64")}`;
    expect(new Set(asked)).toEqual(new Set([`cluster.invalid:6443 ${login}`]));
  });

  test("is asked through the shell's proxy; without one the name is unknown", async () => {
    vi.stubEnv("HTTPS_PROXY", at());
    expect(await run()).toEqual([]);
    expect(asked.length).toBeGreaterThan(1);
    vi.stubEnv("NO_PROXY", "cluster.invalid");
    expect(await run()).toEqual([
      expect.stringMatching(/cluster\.invalid:6443 .*(unknown to DNS|could not be resolved)/),
    ]);
  });

  test("a proxy that refuses, or isn't there, is named, and its login isn't", async () => {
    proxyStatus = 407;
    expect(await run(at(`me:${hidden}@`))).toEqual([
      expect.stringMatching(
        /: the proxy 127\.0\.0\.1:\d+ refuses the connection with HTTP status 407$/,
      ),
    ]);
    expect(await run("http://127.0.0.1:1")).toEqual([
      expect.stringMatching(/: the proxy 127\.0\.0\.1:1 can't be reached \(ECONNREFUSED\)$/),
    ]);
  });

  test("a proxy of another kind: a note that the cluster wasn't checked, and the rest goes on", async () => {
    expect(await run("socks5://127.0.0.1:1")).toEqual([]);
    expect(notes).toEqual([
      "The cluster at https://cluster.invalid:6443 was not checked: it is behind a proxy of kind socks5.",
    ]);
  });

  test("AWS and S3 clients go through it as well", async () => {
    vi.stubEnv("HTTPS_PROXY", at());
    const { S3Client, ListBucketsCommand } = await import("@aws-sdk/client-s3");
    const endpoint = "https://store.invalid:9000";
    const client = new S3Client({
      region: "eu01",
      endpoint,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      ...clientLimits(ca.pem.cert, new URL(endpoint)),
    });
    // The server's certificate is for 127.0.0.1: that it is reached is what is shown.
    await expect(client.send(new ListBucketsCommand({}))).rejects.toThrow(/altnames/);
    expect(asked[0]).toBe("store.invalid:9000 -");
    client.destroy();
  });
});
