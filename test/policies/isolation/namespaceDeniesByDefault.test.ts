import { expect, test } from "vitest";
import { namespaceDeniesByDefault } from "../../policies/isolation/namespaceDeniesByDefault.ts";
import { foreignNamespace, namespace, stackViolationsOf, type Resource } from "./support.ts";

const denyAll = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

const policy = (spec: unknown = denyAll, instance = "shop"): Resource => ({
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  props: { metadata: { labels: { "app.kubernetes.io/instance": instance } }, spec },
});

const message = (instance: string) =>
  `Instance ${instance} has no default-deny NetworkPolicy: add one with an empty podSelector, both policyTypes, no rules and its label app.kubernetes.io/instance.`;

test("a namespace with a default-deny policy passes", async () => {
  expect(await stackViolationsOf(namespaceDeniesByDefault, [namespace(), policy()])).toEqual([]);
});

test("none, or another instance's, does not count", async () => {
  expect(await stackViolationsOf(namespaceDeniesByDefault, [namespace()])).toEqual([`urn:0: ${message("shop")}`]);
  const other = namespace({ "app.kubernetes.io/instance": "search" });
  expect(await stackViolationsOf(namespaceDeniesByDefault, [namespace(), other, policy()])).toEqual([`urn:1: ${message("search")}`]);
});

test.each([
  ["one direction only", { podSelector: {}, policyTypes: ["Ingress"] }],
  ["some pods only", { ...denyAll, podSelector: { matchLabels: { a: "b" } } }],
  ["pods by expression only", { ...denyAll, podSelector: { matchExpressions: [{ key: "a", operator: "Exists" }] } }],
  ["an opening in", { ...denyAll, ingress: [{}] }],
  ["an opening out", { ...denyAll, egress: [{}] }],
  ["no selector", { policyTypes: ["Ingress", "Egress"] }],
  ["no spec", undefined],
])("a policy for %s does not count", async (_, spec) => {
  expect(await stackViolationsOf(namespaceDeniesByDefault, [namespace(), policy(spec ?? {})])).toEqual([`urn:0: ${message("shop")}`]);
});

test("a namespace that is no instance's is not judged", async () => {
  expect(await stackViolationsOf(namespaceDeniesByDefault, [foreignNamespace])).toEqual([]);
});
