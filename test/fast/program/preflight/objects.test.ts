import type { Server } from "node:https";
import type { Server as TcpServer, Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
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
} from "./fakes.ts";
import type { FakePostgresql, Issued, Surroundings } from "./fakes.ts";

// What is there already, and what isn't any more. That a real API server answers these questions so
// is shown in test/engine.

let ca: Issued;
let api: Server, s3: Server, postgresql: TcpServer;
const sockets = new Set<Socket>();
const database: FakePostgresql = { version: 160_009 };
const notes = vi.hoisted((): string[] => []);
const warnings = vi.hoisted((): string[] => []);
vi.mock(import("@pulumi/pulumi"), async (original) => {
  const module = await original();
  const info = (text: string) => Promise.resolve(void notes.push(text));
  const warn = (text: string) => Promise.resolve(void warnings.push(text));
  return { ...module, log: { ...module.log, info, warn } };
});

interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  deletionTimestamp?: string;
}

/** What the cluster has; a kind that is undefined may not be listed. */
const has = {
  version: "v1.34.2",
  uid: "uid-1",
  namespaces: [] as Metadata[] | undefined,
  deployments: [] as Metadata[] | undefined,
  ingresses: [] as { metadata: Metadata; spec: object }[] | undefined,
  buckets: [] as string[],
};
const asked: string[] = [];
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

const namespace = (name: string, environment = "local"): Metadata => ({
  name: `mlflow-${name}`,
  labels: { "mlflow-instances/environment": environment },
  annotations: { "mlflow-instances/owner": "them@example.com" },
});
const allOf = (name: string) => {
  const database = `mlflow_${name.replaceAll("-", "_")}`;
  return [
    `database ${database}`,
    `role ${database}`,
    `role ${database}_retention`,
    `role ${database}_stale_runs`,
  ];
};
const deploy = (...names: string[]) => {
  has.namespaces = names.map((name) => namespace(name));
  has.deployments = names.map((name) => ({ name: "mlflow", namespace: `mlflow-${name}` }));
  has.buckets = names.map((name) => `mlflow-local-${name}`);
  database.names = names.flatMap(allOf);
};

beforeEach(() => {
  for (const list of [notes, warnings, asked]) list.length = 0;
  Object.assign(database, { password: hidden, names: [] });
  Object.assign(has, { version: "v1.34.2", uid: "uid-1", ingresses: [] });
  deploy();
});

const at = () => `https://127.0.0.1:${portOf(api)}`;
const run = (surroundings: Surroundings) =>
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

describe("the cluster", () => {
  test.each([
    ["v1.28.15", "1.28"],
    ["v1.30.9+k3s1", "1.30"],
    ["v0.99.0", "0.99"],
  ])("that runs %s is too old: one line with found and needed", async (version, shown) => {
    has.version = version;
    expect(await run({})).toEqual([
      `The Kubernetes API server at ${at()} (platform.kubernetes): its version is ${shown}; 1.31 is the oldest that the instances work with`,
    ]);
  });

  test.each(["v1.31.0", "v1.31.4-eks-5b8d2", "v1.34.2+k3s1", "v2.0.0", "what"])(
    "that runs %s is new enough",
    async (version) => {
      has.version = version;
      expect(await run({})).toEqual([]);
    },
  );

  test("is known by its kube-system: another one is an error that names both and the way on, and says nothing of what it lacks", async () => {
    const found: string[] = [];
    const known = (surroundings: Surroundings) =>
      run({ deployed: ["shop"], found: (uid) => found.push(uid), ...surroundings });
    deploy("shop");
    expect(await known({})).toEqual([]);
    expect(await known({ cluster: "uid-1" })).toEqual([]);
    expect(found).toEqual(["uid-1", "uid-1"]);
    deploy();
    expect(await known({ cluster: "uid-0" })).toEqual([
      `The cluster at ${at()} (platform.kubernetes): it is not the one that this stack was deployed to: its namespace kube-system has the UID uid-1, the state knows uid-0. ` +
        "Choose the kubeconfig and context of that cluster. If it was rebuilt and its instances are to be made again in this one: `pulumi config set cluster uid-1`, then `npx mlflow-instances deploy <stack> --refresh`",
    ]);
    expect(found.length).toBe(2);
    expect(await known({ cluster: "uid-0", accepted: "uid-1" })).toEqual([]);
    expect(found.at(-1)).toBe("uid-1");
    expect(await known({ cluster: "uid-0", accepted: "uid-2" })).toHaveLength(1);
  });
});

describe("what the last update left", () => {
  test("is there: nothing is said, and the questions are as many for one instance as for five", async () => {
    const five = ["shop", "cart", "till", "desk", "farm"];
    deploy(...five);
    expect(await run({ deployed: five, cluster: "uid-1" })).toEqual([]);
    expect([...notes, ...warnings]).toEqual([]);
    expect(
      asked.filter((url) => url.includes("/namespaces?") && !url.includes("continue")).length,
    ).toBe(1);
    expect(asked.filter((url) => url.includes("ingresses"))).toEqual([]);
  });

  test.each<[string, () => void, string]>([
    [
      "namespace",
      () => (has.namespaces = []),
      "The namespace mlflow-shop of instance shop is gone",
    ],
    [
      "namespace, which is just going",
      () =>
        (has.namespaces = [{ ...namespace("shop"), deletionTimestamp: "2026-11-29T00:00:00Z" }]),
      "The namespace mlflow-shop of instance shop is gone",
    ],
    [
      "tracking server",
      () => (has.deployments = []),
      "The tracking server (Deployment mlflow in mlflow-shop) of instance shop is gone",
    ],
    ["bucket", () => (has.buckets = []), "The bucket mlflow-local-shop of instance shop is gone"],
    [
      "database",
      () => (database.names = allOf("shop").slice(1)),
      "The database mlflow_shop of instance shop is gone",
    ],
    [
      "role",
      () => (database.names = allOf("shop").slice(0, -1)),
      "The role mlflow_shop_stale_runs of instance shop is gone",
    ],
  ])("is gone: its %s, with what heals it", async (what, change, words) => {
    deploy("shop");
    change();
    expect(await run({ deployed: ["shop"], cluster: "uid-1" })).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(words)]);
    expect(warnings[0]).toContain(
      ["bucket", "database"].includes(what)
        ? "restore it first; `--refresh` makes an empty one"
        : "`--refresh` (`npx mlflow-instances deploy",
    );
  });

  test("can't be listed: nothing is called gone", async () => {
    deploy("shop");
    Object.assign(has, { namespaces: undefined, deployments: undefined });
    expect(await run({ deployed: ["shop"] })).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe("what a new instance needs", () => {
  const everything = () => deploy("shop");

  test("is free: nothing is said", async () => {
    expect(await run({ fresh: ["shop"] })).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test("is there of another environment: an error before anything, with namespace, environment and owner", async () => {
    everything();
    has.namespaces = [namespace("shop", "staging")];
    const lines = await run({ fresh: ["shop"] });
    expect(lines).toEqual([
      expect.stringMatching(
        /^PostgreSQL at .* \(platform\.postgresql\): database mlflow_shop, role mlflow_shop, .* of instance shop exists already/,
      ),
      "The namespace mlflow-shop of instance shop (platform.kubernetes): it exists already; it belongs to environment staging, owner them@example.com. Name the instance otherwise",
      expect.stringMatching(
        /^The bucket mlflow-local-shop of instance shop \(platform\.objectStore\.bucketPrefix\): it exists already; set another bucketPrefix/,
      ),
    ]);
  });

  test("is there of an update of this stack that was interrupted: it is taken up", async () => {
    everything();
    expect(await run({ fresh: ["shop"], inState: ["shop"] })).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test("is there, and nobody can tell whose it is: a warning", async () => {
    everything();
    expect(await run({ fresh: ["shop"], inState: "unknown" })).toEqual([]);
    expect(warnings.length).toBe(3);
    for (const warning of warnings)
      expect(warning).toMatch(
        /An update fails there, unless an interrupted update of this stack made it$/,
      );
  });

  test("is there in a namespace that is nobody's, or that is just going", async () => {
    has.namespaces = [{ name: "mlflow-shop" }];
    expect(await run({ fresh: ["shop"], inState: "unknown" })).toEqual([
      expect.stringContaining("it has no labels of an instance"),
    ]);
    has.namespaces = [{ ...namespace("shop"), deletionTimestamp: "2026-11-29T00:00:00Z" }];
    expect(await run({ fresh: ["shop"], inState: ["shop"] })).toEqual([
      expect.stringContaining("it is being deleted; try again"),
    ]);
  });

  test("is a role alone, which the server of two clusters has", async () => {
    database.names = ["role mlflow_shop_retention"];
    expect(await run({ fresh: ["shop"] })).toEqual([
      `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.postgresql): role mlflow_shop_retention of instance shop exists already; name the instance otherwise`,
    ]);
  });

  const ingress = (namespace: string, host: string) => ({
    metadata: { name: "web", namespace },
    spec: { rules: [{ host }] },
  });
  test("is a host that another namespace's ingress has, on whatever page of the list; its own is fine", async () => {
    has.ingresses = [
      ingress("a", "a.test"),
      ingress("b", "b.test"),
      ingress("mlflow-shop", "shop.mlflow.test"),
    ];
    expect(await run({ fresh: ["shop"] })).toEqual([]);
    has.ingresses.push(ingress("billing", "Shop.mlflow.test"));
    expect(await run({ fresh: ["shop"], inState: ["shop"] })).toEqual([
      "The host shop.mlflow.test of instance shop: the ingress web in namespace billing has it already; set another host",
    ]);
    // Nothing new: nobody asks.
    asked.length = 0;
    deploy("shop");
    expect(await run({ deployed: ["shop"] })).toEqual([]);
    expect(asked.filter((url) => url.includes("ingresses"))).toEqual([]);
    has.ingresses = undefined;
    deploy();
    expect(await run({ fresh: ["shop"] })).toEqual([]);
  });
});
