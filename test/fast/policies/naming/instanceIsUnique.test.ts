import { expect, test } from "vitest";
import { instanceIsUnique } from "../../../../policies/naming/instanceIsUnique.ts";
import { changed } from "../compliantInstance.ts";
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

stackContract(instanceIsUnique, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "another's ingress": with_(foreignIngress("grafana.example.com")),
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
