import { expect, test } from "vitest";
import { hostFollowsInstance } from "../../../../policies/naming/hostFollowsInstance.ts";
import { changed, ingress } from "../compliantInstance.ts";
import { listenerSet, redirect, route } from "../compliantRoutes.ts";
import { resourceContract } from "../contract.ts";
import { judge, unknown, type Given } from "../support.ts";

const at = (...hosts: (string | undefined)[]) =>
  changed(
    ingress,
    ["spec", "rules"],
    hosts.map((host) => (host === undefined ? {} : { host })),
  );

resourceContract(hostFollowsInstance, {
  passes: {
    "the instance's host": ingress,
    "the instance's host of a route": route,
    "the instance's host of a listener set": listenerSet,
    "a redirect, whose host is that of its route": changed(
      redirect,
      ["spec", "hostnames", 0],
      "models.example.com",
    ),
    "no host, which ingress-has-tls asks for": at(undefined),
    "no rule": changed(ingress, ["spec"], undefined),
  },
  breaks: at("models.example.com"),
  message:
    "The host models.example.com is not named after instance shop; set spec.rules[0].host to shop.<domain>.",
  unknown: [
    {
      given: at(unknown, "models.example.com"),
      later: ["spec.rules.0.host"],
      violations: [
        "The host models.example.com is not named after instance shop; set spec.rules[1].host to shop.<domain>.",
      ],
    },
    {
      given: changed(route, ["spec", "hostnames"], [unknown, "models.example.com"]),
      later: ["spec.hostnames.0"],
      violations: [
        "The host models.example.com is not named after instance shop; set spec.hostnames[1] to shop.<domain>.",
      ],
    },
  ],
  ignores: {
    "another's ingress": changed(at("models.example.com"), ["metadata", "labels"], {}),
    "an ingress of another chart": changed(at("models.example.com"), ["metadata"], {
      labels: { "app.kubernetes.io/instance": "shop" },
      namespace: "shop",
    }),
    "another type": { ...at("models.example.com"), type: "kubernetes:core/v1:Service" },
  },
});

test("a longer name is another one", async () => {
  expect((await judge(hostFollowsInstance, at("shop-web.example.com"))).violations).toEqual([
    "The host shop-web.example.com is not named after instance shop; set spec.rules[0].host to shop.<domain>.",
  ]);
});

test.each<[string, Given, string]>([
  [
    "a route",
    changed(route, ["spec", "hostnames", 0], "models.example.com"),
    "The host models.example.com is not named after instance shop; set spec.hostnames[0] to shop.<domain>.",
  ],
  [
    "a route of every host",
    changed(route, ["spec", "hostnames", 0], "*.example.com"),
    "The host *.example.com is not named after instance shop; set spec.hostnames[0] to shop.<domain>.",
  ],
  [
    "a listener set",
    changed(listenerSet, ["spec", "listeners", 0, "hostname"], "models.example.com"),
    "The host models.example.com is not named after instance shop; set spec.listeners[0].hostname to shop.<domain>.",
  ],
])("%s has its own host", async (_, given, message) => {
  expect((await judge(hostFollowsInstance, given)).violations).toEqual([message]);
});
