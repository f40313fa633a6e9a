import { expect, test } from "vitest";
import { hostFollowsInstance } from "../../../../policies/naming/hostFollowsInstance.ts";
import { changed, ingress } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, unknown } from "../support.ts";

const at = (...hosts: (string | undefined)[]) =>
  changed(
    ingress,
    ["spec", "rules"],
    hosts.map((host) => (host === undefined ? {} : { host })),
  );

resourceContract(hostFollowsInstance, {
  passes: {
    "the instance's host": ingress,
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
