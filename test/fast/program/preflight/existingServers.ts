import type { Server } from "node:https";
import { createServer, type Server as TcpServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, vi } from "vitest";
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
  type Answer,
  type FakePostgresql,
  type Issued,
} from "./fakes.ts";

// An HTTPS server stands for the API server and for S3. What a real one of each says is the engine
// tests' business.

export let ca: Issued, loopback: Issued;
export let postgresql: TcpServer, silent: TcpServer;
let api: Server, s3: Server;
const sockets = new Set<Socket>();
export const database: FakePostgresql = { version: 160_009 };
export let answers: Record<"api" | "s3", Answer>;
const heard = vi.hoisted(() => ({ info: [] as string[], warn: [] as string[] }));
vi.mock(import("@pulumi/pulumi"), async (original) => {
  const module = await original();
  const note = (texts: string[]) => (text: string) => Promise.resolve(void texts.push(text));
  return { ...module, log: { ...module.log, info: note(heard.info), warn: note(heard.warn) } };
});

/** What the program said beside its error, if this file is imported before fakes.ts. */
export const { info: notes, warn: warnings } = heard;

/** Starts them for the tests of a file; every test begins with answers that are right. */
export function serveExisting(): void {
  beforeAll(async () => {
    ca = await issue("authority");
    loopback = await issue("loopback", "127.0.0.1", ca);
    api = httpsServer(loopback, (request) => answers.api(request));
    s3 = httpsServer(loopback, (request) => answers.s3(request));
    postgresql = postgresqlServer(loopback, database, sockets);
    silent = createServer((socket) => void sockets.add(socket));
    await Promise.all([api, s3, postgresql, silent].map(listen));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of [api, s3, postgresql, silent]) server.close();
  });
  beforeEach(() => {
    notes.length = 0;
    warnings.length = 0;
    Object.assign(database, { version: 160_009, password: hidden, lacks: "" });
    answers = {
      api: ({ url, headers }) => {
        if (url === "/version") return { status: 403 };
        if (headers.authorization !== "Bearer let-me-in") return { status: 401 };
        return { status: 200, body: ingressClasses("nginx", "traefik") };
      },
      s3: () => ({ status: 404 }),
    };
  });
}

export const apiUrl = () => `https://127.0.0.1:${portOf(api)}`;
export const cluster = (user?: object) => ({
  kubeconfig: kubeconfig(apiUrl(), ca.pem.cert, user),
  context: "one",
});

// the values of a fixture
export const reachable = (change: (platform: any) => void = () => undefined) =>
  fixtureEnvironment(({ platform }) => {
    platform.caBundle = ca.pem.cert;
    platform.kubernetes = cluster();
    Object.assign(platform.postgresql, { host: "127.0.0.1", port: portOf(postgresql) });
    platform.objectStore.endpoint = `https://127.0.0.1:${portOf(s3)}`;
    change(platform);
  });

export const linesOf = (
  environment: ReturnType<typeof reachable>,
  timeout?: number,
  fresh: string[] = [],
): Promise<string[]> => refusals(environment, { timeout, fresh, said: notes });
