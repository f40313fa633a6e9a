import type { Server } from "node:https";
import type { Server as TcpServer, Socket } from "node:net";
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
  type FakePostgresql,
  type Issued,
  type Surroundings,
} from "./fakes.ts";

// A cluster, a store and a database server whose contents a test may change.

let ca: Issued;
let api: Server, s3: Server;
export let postgresql: TcpServer;
const sockets = new Set<Socket>();
export const database: FakePostgresql = { version: 160_009 };
const heard = vi.hoisted(() => ({ notes: [] as string[], warnings: [] as string[] }));
vi.mock(import("@pulumi/pulumi"), async (original) => {
  const module = await original();
  const info = (text: string) => Promise.resolve(void heard.notes.push(text));
  const warn = (text: string) => Promise.resolve(void heard.warnings.push(text));
  return { ...module, log: { ...module.log, info, warn } };
});

/** What the program said beside its error, if this file is imported before fakes.ts. */
export const { notes, warnings } = heard;

interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  deletionTimestamp?: string;
}

/** What the cluster has; a kind that is undefined may not be listed. */
export const has = {
  version: "v1.34.2",
  uid: "uid-1",
  namespaces: [] as Metadata[] | undefined,
  deployments: [] as Metadata[] | undefined,
  ingresses: [] as { metadata: Metadata; spec: object }[] | undefined,
  buckets: [] as string[],
};
export const asked: string[] = [];
const pageSize = 2;

function paged(all: readonly object[] | undefined, url: URL) {
  if (all === undefined) return { status: 403 };
  const from = Number(url.searchParams.get("continue") ?? 0);
  const next = from + pageSize < all.length ? String(from + pageSize) : "";
  return {
    status: 200,
    body: JSON.stringify({
      metadata: { continue: next },
      items: all.length === 0 ? null : all.slice(from, from + pageSize),
    }),
  };
}

/** Starts them for the tests of a file; every test begins with nothing in them. */
export function serveObjects(): void {
  beforeAll(async () => {
    ca = await issue("authority");
    const loopback = await issue("loopback", "127.0.0.1", ca);
    api = httpsServer(loopback, ({ url = "" }) => {
      asked.push(url);
      const parsed = new URL(url, "https://api");
      const ofKind = (all: Metadata[] | undefined) =>
        paged(
          all?.map((metadata) => ({ metadata })),
          parsed,
        );
      const [, name] = /^\/api\/v1\/namespaces\/([a-z-]+)$/.exec(parsed.pathname) ?? [];
      if (name === "kube-system")
        return { status: 200, body: JSON.stringify({ metadata: { name, uid: has.uid } }) };
      if (name !== undefined) {
        const metadata = has.namespaces?.find((each) => each.name === name);
        return metadata === undefined
          ? { status: 404, body: "{}" }
          : { status: 200, body: JSON.stringify({ metadata }) };
      }
      switch (parsed.pathname) {
        case "/version":
          return {
            status: 200,
            body: JSON.stringify({ major: "1", minor: "?", gitVersion: has.version }),
          };
        case "/api/v1/namespaces":
          return ofKind(has.namespaces);
        case "/apis/apps/v1/deployments":
          return ofKind(has.deployments);
        case "/apis/networking.k8s.io/v1/ingresses":
          return paged(has.ingresses, parsed);
        default:
          return { status: 200, body: ingressClasses("traefik") };
      }
    });
    s3 = httpsServer(loopback, ({ url = "" }) => ({
      status: has.buckets.some((name) => url.startsWith(`/${name}/`)) ? 200 : 404,
    }));
    postgresql = postgresqlServer(loopback, database, sockets);
    await Promise.all([api, s3, postgresql].map(listen));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of [api, s3, postgresql]) server.close();
  });
  beforeEach(() => {
    for (const list of [notes, warnings, asked]) list.length = 0;
    Object.assign(database, { password: hidden, names: [] });
    Object.assign(has, { version: "v1.34.2", uid: "uid-1", ingresses: [] });
    deploy();
  });
}

export const namespace = (name: string, environment = "local"): Metadata => ({
  name: `mlflow-${name}`,
  labels: { "mlflow-instances/environment": environment },
  annotations: { "mlflow-instances/owner": "them@example.com" },
});
export const allOf = (name: string) => {
  const database = `mlflow_${name.replaceAll("-", "_")}`;
  return [
    `database ${database}`,
    `role ${database}`,
    `role ${database}_retention`,
    `role ${database}_stale_runs`,
  ];
};
export const deploy = (...names: string[]) => {
  has.namespaces = names.map((name) => namespace(name));
  has.deployments = names.map((name) => ({ name: "mlflow", namespace: `mlflow-${name}` }));
  has.buckets = names.map((name) => `mlflow-local-${name}`);
  database.names = names.flatMap(allOf);
};

export const at = () => `https://127.0.0.1:${portOf(api)}`;
export const run = (surroundings: Surroundings) =>
  refusals(
    fixtureEnvironment(({ platform }) => {
      platform.caBundle = ca.pem.cert;
      platform.kubernetes = { kubeconfig: kubeconfig(at(), ca.pem.cert), context: "one" };
      platform.ingress.className = "traefik";
      Object.assign(platform.postgresql, { host: "127.0.0.1", port: portOf(postgresql) });
      platform.objectStore.endpoint = `https://127.0.0.1:${portOf(s3)}`;
    }),
    { ...surroundings, said: [...notes, ...warnings] },
  );
