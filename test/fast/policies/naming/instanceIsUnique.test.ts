import { expect, test } from "vitest";
import { instanceIsUnique } from "../../../../policies/naming/instanceIsUnique.ts";
import { changed } from "../compliantInstance.ts";
import {
  foreign,
  listenerSet,
  redirect,
  route,
  routed,
  routeToOwnListener,
} from "../compliantRoutes.ts";
import { stackContract } from "../contract.ts";
import { instance, part, with_ } from "../instances.ts";
import { judgeStack, unknown, type Given } from "../support.ts";

const foreignIngress = (...hosts: string[]): Given => ({
  type: "kubernetes:networking.k8s.io/v1:Ingress",
  name: "grafana",
  props: {
    metadata: { namespace: "monitoring" },
    spec: { rules: hosts.map((host) => ({ host })) },
  },
});

const routeAt = (host: string): Given => changed(foreign(route), ["spec", "hostnames", 0], host);
const hostname = ["spec", "listeners", 0, "hostname"] as const;
const platformListeners = {
  kind: "ListenerSet",
  name: "web",
  namespace: "web",
  sectionName: "https",
};

stackContract(instanceIsUnique, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "another's ingress": with_(foreignIngress("grafana.example.com")),
    "two instances behind a Gateway": [
      ...routed([routeToOwnListener, redirect, listenerSet]),
      ...routed([routeToOwnListener, redirect, listenerSet], "search"),
    ],
    "another's route": with_(routeAt("grafana.example.com"), routed()),
    "another's redirect to HTTPS for every host": with_(
      changed(foreign(redirect), ["spec", "hostnames", 0], "*.example.com"),
      routed(),
    ),
    "the platform's listeners for every host of a domain": with_(
      changed(foreign(listenerSet), hostname, "*.example.com"),
      routed(),
    ),
    "the platform's listener to which the instance's route attaches": with_(
      foreign(listenerSet),
      routed([changed(route, ["spec", "parentRefs", 0], platformListeners)]),
    ),
  },
  breaks: with_({ ...part("namespace"), name: "shop-again", urn: "urn:shop-again" }),
  message:
    "urn:shop-again: The namespaces shop-namespace and shop-again both say that they are of instance shop; give one its own name.",
  unknown: [
    {
      given: with_(foreignIngress(unknown, "shop.example.com")),
      later: ["spec.rules.0.host"],
      violations: [
        "urn:grafana: The ingress grafana answers at shop.example.com, the host of instance shop; give it another host.",
      ],
    },
  ],
  ignores: {
    "an instance's route and its listener for the same host": routed([route, listenerSet]),
    "an instance's ingress that has two rules for its host": instance("shop", {
      ingress: changed(
        part("ingress"),
        ["spec", "rules"],
        [{ host: "shop.example.com" }, { host: "shop.example.com" }],
      ),
    }),
    "an ingress without rules": with_({
      ...foreignIngress(),
      props: { metadata: { namespace: "monitoring" } },
    }),
  },
});

const searchAt = (...hosts: string[]) => [
  ...instance(),
  ...instance("search", {
    ingress: changed(
      part("ingress", "search"),
      ["spec", "rules"],
      hosts.map((host) => ({ host })),
    ),
  }),
];

test("no two instances answer at one host, whichever of them it is named after", async () => {
  const message =
    "urn:search-ingress: The instances shop and search both answer at shop.example.com; give one another host.";
  const both = searchAt("search.example.com", "shop.example.com", "shop.example.com");
  expect((await judgeStack(instanceIsUnique, both)).violations).toEqual([message]);
  expect((await judgeStack(instanceIsUnique, searchAt("find.example.com"))).violations).toEqual([]);
});

test("instances behind a Gateway are compared by their routes, and told of once", async () => {
  const search = routed([routeToOwnListener, listenerSet], "search");
  const atShop = search.map((given) =>
    JSON.parse(JSON.stringify(given).replaceAll("search.example.com", "shop.example.com")),
  );
  for (const shop of [instance(), routed()])
    expect((await judgeStack(instanceIsUnique, [...shop, ...atShop])).violations).toEqual([
      "urn:search-route: The instances shop and search both answer at shop.example.com; give one another host.",
    ]);
});

test("a wildcard is every host of its domain", async () => {
  expect((await judgeStack(instanceIsUnique, searchAt("*.example.com"))).violations).toEqual([
    "urn:search-ingress: The instances shop and search answer at shop.example.com and *.example.com, which overlap; give one another host.",
  ]);
  for (const other of [routeAt("*.example.com"), foreignIngress("*.example.com")])
    expect((await judgeStack(instanceIsUnique, with_(other, routed()))).violations).toEqual([
      `urn:${other.name}: The ${other.name === "web" ? "route" : "ingress"} ${other.name} answers at *.example.com, which overlaps with shop.example.com of instance shop; give it another host.`,
    ]);
});

test.each<[string, Given, string]>([
  ["a route", foreign(route), "route"],
  ["a route of TLS", { ...foreign(route), type: route.type.replace("HTTP", "TLS") }, "route"],
  [
    "an older version of the API",
    { ...foreign(route), type: route.type.replace("v1", "v1beta1") },
    "route",
  ],
  [
    "a redirect to another host",
    changed(
      foreign(redirect),
      ["spec", "rules", 0, "filters", 0, "requestRedirect", "hostname"],
      "a.test",
    ),
    "route",
  ],
  ["a listener set", foreign(listenerSet), "listener set"],
])("nobody else answers at an instance's host by %s", async (_, other, word) => {
  expect((await judgeStack(instanceIsUnique, with_(other, routed()))).violations).toEqual([
    `urn:web: The ${word} web answers at shop.example.com, the host of instance shop; give it another host.`,
  ]);
});

test("a route that a preview can't know hides no other", async () => {
  const scheme = ["spec", "rules", 0, "filters", 0, "requestRedirect", "scheme"] as const;
  const stack = with_(foreign(route), routed([changed(redirect, scheme, unknown), route]));
  expect(await judgeStack(instanceIsUnique, stack)).toEqual({
    violations: [
      "urn:web: The route web answers at shop.example.com, the host of instance shop; give it another host.",
    ],
    later: [`stack: Not known in a preview: ${scheme.join(".")}. It is checked at \`up\`.`],
  });
});

test("the host of two instances is excluded where both are", async () => {
  const exclusion = { reason: "one of them moves in spring", until: "2999-12-31" };
  const verdictFor = async (...names: string[]) =>
    (
      await judgeStack(instanceIsUnique, searchAt("shop.example.com"), {
        config: { exclusions: names.map((name) => ({ instance: name, ...exclusion })) },
      })
    ).violations.length;
  expect([await verdictFor("shop"), await verdictFor("shop", "search")]).toEqual([1, 0]);
});

test("a rule that a preview can't know hides no other", async () => {
  const whole = changed(foreignIngress("shop.example.com"), ["spec", "rules", 1], unknown);
  expect(await judgeStack(instanceIsUnique, with_(whole))).toEqual({
    violations: [
      "urn:grafana: The ingress grafana answers at shop.example.com, the host of instance shop; give it another host.",
    ],
    later: ["stack: Not known in a preview: spec.rules.1. It is checked at `up`."],
  });
});

test("nobody else may answer at an instance's host", async () => {
  expect(
    (
      await judgeStack(
        instanceIsUnique,
        with_(foreignIngress("grafana.example.com", "shop.example.com")),
      )
    ).violations,
  ).toEqual([
    "urn:grafana: The ingress grafana answers at shop.example.com, the host of instance shop; give it another host.",
  ]);
});
