import { expect, test } from "vitest";
import {
  hostsMeet,
  hostsOf,
  isParent,
  onlyRedirectsToHttps,
  wordFor,
} from "../../../../policies/model/routes.ts";
import { changed, ingress } from "../compliantInstance.ts";
import { foreign, gateway, listenerSet, redirect, route, toHttps } from "../compliantRoutes.ts";
import type { Given } from "../support.ts";

const knowing = { known: <T>(read: () => T) => read() };

test("each kind of object has its hosts elsewhere", () => {
  const host = "shop.example.com";
  expect([ingress, route, listenerSet].map((given) => hostsOf(given, knowing))).toEqual([
    [{ path: "spec.rules[0].host", host }],
    [{ path: "spec.hostnames[0]", host }],
    [{ path: "spec.listeners[0].hostname", host }],
  ]);
  expect([ingress, route, listenerSet].map(({ type }) => wordFor(type))).toEqual([
    "ingress",
    "route",
    "listener set",
  ]);
});

test.each<[string, string, boolean]>([
  ["shop.example.com", "shop.example.com", true],
  ["*.example.com", "shop.example.com", true],
  ["a.b.example.com", "*.example.com", true],
  ["*.example.com", "*.b.example.com", true],
  ["*.example.com", "example.com", false],
  ["*.example.com", "shop-example.com", false],
  ["shop.example.com", "search.example.com", false],
])("%s and %s meet: %s", (a, b, meet) => {
  expect([hostsMeet(a, b), hostsMeet(b, a)]).toEqual([meet, meet]);
});

const withRules = (...rules: object[]) => changed(redirect, ["spec", "rules"], rules);
const to = (more: object) => ({
  type: "RequestRedirect",
  requestRedirect: { ...toHttps.requestRedirect, ...more },
});
const backendRefs = [{ name: "mlflow", port: 80 }];

test.each<[string, Given, boolean]>([
  ["a redirect to HTTPS", redirect, true],
  [
    "to the same host by name",
    withRules({ filters: [to({ hostname: "shop.example.com" })] }),
    true,
  ],
  ["an older version of the API", { ...redirect, type: route.type.replace("v1", "v1beta1") }, true],
  ["a backend", route, false],
  ["no rule", withRules(), false],
  ["no rules at all", changed(redirect, ["spec"], undefined), false],
  ["no filter", withRules({}), false],
  ["a redirect with a backend", withRules({ filters: [toHttps], backendRefs }), false],
  ["a second rule that serves", withRules({ filters: [toHttps] }, { backendRefs }), false],
  ["a redirect to plain HTTP", withRules({ filters: [to({ scheme: "http" })] }), false],
  ["a redirect that keeps the scheme", withRules({ filters: [to({ scheme: undefined })] }), false],
  ["a redirect to another host", withRules({ filters: [to({ hostname: "a.test" })] }), false],
  ["a mirror beside it", withRules({ filters: [toHttps, { type: "RequestMirror" }] }), false],
  ["an ingress", ingress, false],
])("only redirects to HTTPS: %s", (_, given, verdict) => {
  expect(onlyRedirectsToHttps(given)).toBe(verdict);
});

test("a reference means an object of its group, kind, namespace and name", () => {
  const own = { kind: "ListenerSet", name: "mlflow" };
  expect(isParent({ name: "shared", namespace: "gateway" }, route, gateway)).toBe(true);
  expect(isParent({ name: "shared" }, route, gateway)).toBe(false);
  expect(isParent({ name: "other", namespace: "gateway" }, route, gateway)).toBe(false);
  expect(isParent(own, route, listenerSet)).toBe(true);
  expect(isParent({ ...own, group: "" }, route, listenerSet)).toBe(false);
  expect(isParent({ name: "mlflow" }, route, listenerSet)).toBe(false);
  expect(isParent(own, foreign(route), listenerSet)).toBe(false);
});
