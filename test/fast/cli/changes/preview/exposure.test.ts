import { expect, test } from "vitest";
import { exposedBy, urlsOf } from "../../../../../cli/changes/preview/exposure.ts";

const ingress = "kubernetes:networking.k8s.io/v1:Ingress";
const route = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute";
const listeners = "kubernetes:gateway.networking.k8s.io/v1:ListenerSet";
const host = "a.mlflow.test";
const public_ = { kind: "Gateway", name: "public", namespace: "gateways" };

const of =
  (resources: Record<string, object[]>) =>
  (...types: string[]) =>
    types.flatMap((type) => (resources[type] ?? []) as Record<string, unknown>[]);

test("an Ingress", () => {
  const found = of({ [ingress]: [{ spec: { ingressClassName: "traefik", rules: [{ host }] } }] });
  expect([urlsOf(found), exposedBy(found)]).toEqual([
    ["https://a.mlflow.test"],
    ["the ingress class traefik"],
  ]);
});

test("a route and its redirect are one address, and one Gateway", () => {
  const spec = { hostnames: [host], parentRefs: [public_] };
  const found = of({ [route]: [{ spec }, { spec }] });
  expect([urlsOf(found), exposedBy(found)]).toEqual([
    ["https://a.mlflow.test"],
    ["the Gateway gateways/public"],
  ]);
});

test("a route at a listener of its own leads to the Gateway of that", () => {
  const found = of({
    [route]: [
      { spec: { hostnames: [host], parentRefs: [{ kind: "ListenerSet", name: "mlflow" }] } },
    ],
    [listeners]: [{ spec: { parentRef: public_ } }],
  });
  expect(exposedBy(found)).toEqual(["the Gateway gateways/public"]);
});

test("what a preview can't know yet is left out", () => {
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const found = of({ [route]: [{ spec: { hostnames: unknown, parentRefs: unknown } }] });
  expect([urlsOf(found), exposedBy(found)]).toEqual([[], []]);
});
