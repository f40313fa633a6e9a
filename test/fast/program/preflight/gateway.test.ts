import { expect, test } from "vitest";
import { answers, linesOf, notes, reachable, serveExisting, warnings } from "./existingServers.ts";
import type { Answer } from "./fakes.ts";

// Checks of a Gateway before an update. That a real API server answers so is shown in test/engine.

serveExisting();

interface Has {
  /** The Gateway; undefined: there is none. */
  gateway?: object | undefined;
  /** Kinds that the group has; undefined: there is no such group. */
  kinds?: string[] | undefined;
  status?: number;
  routes?: object[];
}

const listener = {
  name: "https",
  protocol: "HTTPS",
  port: 443,
  hostname: "*.mlflow.test",
  allowedRoutes: { namespaces: { from: "All" } },
};
const withListeners = (...listeners: object[]) => ({ spec: { listeners } });
const usual: Has = { gateway: withListeners(listener), kinds: ["gateways", "httproutes"] };

/** The lines by which an environment at a Gateway is refused. */
async function ask(has: Has, change: (ingress: any) => void = () => undefined): Promise<string[]> {
  const group = "/apis/gateway.networking.k8s.io/v1";
  answers.api = ({ url = "" }): ReturnType<Answer> => {
    const json = (body: object, status = 200) => ({ status, body: JSON.stringify(body) });
    if (url === `${group}/namespaces/gateways/gateways/public`)
      return has.gateway === undefined
        ? { status: has.status ?? 404 }
        : json(has.gateway, has.status ?? 200);
    if (url === group)
      return has.kinds === undefined
        ? { status: 404 }
        : json({ resources: has.kinds.map((name) => ({ name })) });
    if (url.startsWith(`${group}/httproutes?`)) return json({ items: has.routes ?? [] });
    return { status: 404 };
  };
  const environment = reachable((platform) => {
    platform.ingress = {
      gateway: { name: "public", namespace: "gateways" },
      controllerNamespace: "gateways",
    };
    change(platform.ingress);
  });
  return linesOf(environment, undefined, ["shop"]);
}

test("one whose listener takes the instances' routes is fine", async () => {
  expect(await ask(usual)).toEqual([]);
  expect(
    await ask({ ...usual, gateway: withListeners({ ...listener, hostname: undefined }) }),
  ).toEqual([]);
  expect(warnings).toEqual([]);
  expect(notes.filter((note) => note.includes("Gateway"))).toEqual([]);
});

test.each<[what: string, has: Has, reason: string]>([
  ["no Gateway API", {}, "the cluster has no Gateway API (gateway.networking.k8s.io/v1)"],
  ["no such Gateway", { kinds: ["gateways"] }, "the cluster has no such Gateway"],
  [
    "no such listener",
    { ...usual, gateway: withListeners({ ...listener, name: "websecure" }) },
    "it has no listener https; it has websecure",
  ],
  ["no listener at all", { ...usual, gateway: {} }, "it has no listener https; it has none"],
  [
    "a listener for plain HTTP",
    { ...usual, gateway: withListeners({ ...listener, protocol: "HTTP" }) },
    "its listener https has the protocol HTTP; clients need HTTPS",
  ],
  [
    "a listener that passes TLS on",
    { ...usual, gateway: withListeners({ ...listener, protocol: "TLS" }) },
    "has the protocol TLS",
  ],
  [
    "a listener for other hosts",
    { ...usual, gateway: withListeners({ ...listener, hostname: "*.example.com" }) },
    "its listener https serves *.example.com only, and not shop.mlflow.test",
  ],
  [
    "a listener for its own namespace, by default",
    { ...usual, gateway: withListeners({ ...listener, allowedRoutes: undefined }) },
    "lets in routes of its own namespace only",
  ],
  [
    "a listener for other kinds",
    {
      ...usual,
      gateway: withListeners({
        ...listener,
        allowedRoutes: { namespaces: { from: "All" }, kinds: [{ kind: "GRPCRoute" }] },
      }),
    },
    "takes no HTTPRoute",
  ],
])("%s is an error with its path", async (_what, has, reason) => {
  const lines = await ask(has);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^The Gateway gateways\/public at https:\/\/127\.0\.0\.1:\d+ \(platform\.ingress\.gateway(?:\.listener)?\): /,
  );
  expect(lines[0]).toContain(reason);
});

test("a login that may not read it, and a broken answer, are notes", async () => {
  expect(await ask({ status: 403 })).toEqual([]);
  expect(notes).toContain(
    "Whether the cluster has the Gateway gateways/public was not checked: the login may not get gateways.gateway.networking.k8s.io in gateways.",
  );
  expect(await ask({ status: 500 })).toEqual([]);
  expect(notes.at(-1)).toContain("was not checked: the API server answers with HTTP status 500");
});

test("one that its controller has not programmed is a warning with its reason", async () => {
  const conditions = [
    { type: "Accepted", status: "True" },
    { type: "Programmed", status: "False", reason: "AddressNotAssigned", message: "no address" },
  ];
  expect(await ask({ ...usual, gateway: { ...usual.gateway, status: { conditions } } })).toEqual(
    [],
  );
  expect(warnings).toEqual([
    "The Gateway gateways/public is not Programmed: AddressNotAssigned, no address",
  ]);
});

test("plain HTTP that nothing leads to HTTPS is a note, and a wrong listener for it an error", async () => {
  const gateway = withListeners(listener, { name: "web", protocol: "HTTP", port: 80 });
  expect(await ask({ ...usual, gateway })).toEqual([]);
  expect(notes.at(-1)).toContain("platform.ingress.gateway.redirectListener: web");
  const redirectTo = (name: string) => (ingress: any) =>
    void (ingress.gateway.redirectListener = name);
  notes.length = 0;
  expect(await ask({ ...usual, gateway }, redirectTo("web"))).toEqual([]);
  expect(notes.filter((note) => note.includes("redirectListener"))).toEqual([]);
  expect(await ask({ ...usual, gateway }, redirectTo("http"))).toEqual([
    expect.stringMatching(/gateway\.redirectListener\): it has no listener http$/),
  ]);
});

test("instances with certificates of their own need ListenerSets, and a Gateway that takes them", async () => {
  const tls = (ingress: any) => void (ingress.tls = { source: "secret", name: "wildcard" });
  const open = { spec: { allowedListeners: { namespaces: { from: "All" } } } };
  const kinds = ["gateways", "httproutes", "listenersets"];
  expect(await ask({ gateway: open, kinds }, tls)).toEqual([]);
  expect(await ask({ gateway: open, kinds: ["gateways", "httproutes"] }, tls)).toEqual([
    expect.stringContaining("the cluster's Gateway API knows no ListenerSet"),
  ]);
  expect(await ask({ gateway: {}, kinds }, tls)).toEqual([
    expect.stringContaining("allowedListeners.namespaces.from is None"),
  ]);
});

test("a host that another's route has is taken", async () => {
  const route = {
    metadata: { name: "shop", namespace: "web" },
    spec: { hostnames: ["SHOP.mlflow.test"] },
  };
  expect(await ask({ ...usual, routes: [route] })).toEqual([
    "The host shop.mlflow.test of instance shop: the route shop in namespace web has it already; set another host",
  ]);
});
