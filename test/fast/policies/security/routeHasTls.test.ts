import { describe, expect, test } from "vitest";
import { routeHasTls } from "../../../../policies/security/routeHasTls.ts";
import { changed } from "../compliantInstance.ts";
import {
  foreign,
  listenerSet,
  redirect,
  route,
  routeToOwnListener,
  toHttps,
} from "../compliantRoutes.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown, type Given } from "../support.ts";

const said = async (given: Given, config?: object) =>
  (await judge(routeHasTls, given, config === undefined ? {} : { config })).violations;
const version = (given: Given, other: string): Given => ({
  ...given,
  type: given.type.replace("/v1:", `/${other}:`),
});

const parents = (...refs: object[]) => changed(route, ["spec", "parentRefs"], refs);
const shared = { name: "shared", namespace: "gateway" };
const noSection = (index: number, of = "Gateway shared") =>
  `spec.parentRefs[${index}].sectionName is missing, so the route attaches to listeners for plain HTTP, too; set it to the listener for HTTPS of the ${of}.`;
const noHost =
  "spec.hostnames is missing, so the route answers for every host of its listeners; set it to the host.";

const rule = (more: object) =>
  changed(route, ["spec", "rules", 0], { ...route.props["spec"].rules[0], ...more });
const mirror = { type: "RequestMirror", requestMirror: { backendRef: { name: "copy", port: 80 } } };
const mirrored = (path: string) =>
  `spec.${path} copies requests, with their tokens, to another backend; remove the filter RequestMirror.`;

const listener = (more: object) =>
  changed(listenerSet, ["spec", "listeners", 0], {
    ...listenerSet.props["spec"].listeners[0],
    ...more,
  });

resourceContract(routeHasTls, {
  passes: {
    "a route to a listener for HTTPS": route,
    "a route to the instance's own listener": routeToOwnListener,
    "a listener with a certificate": listenerSet,
    "the mode of TLS that is the default": listener({ tls: { certificateRefs: [{ name: "x" }] } }),
    "a redirect from plain HTTP": redirect,
    "a redirect for every host": changed(redirect, ["spec", "hostnames"], undefined),
    "a redirect of every listener": changed(redirect, ["spec", "parentRefs", 0], shared),
    "another's route of all hosts of a domain": changed(
      foreign(route),
      ["spec", "hostnames", 0],
      "*.example.com",
    ),
    "another's route that mirrors": foreign(rule({ filters: [mirror] })),
    "another's listener of all hosts of a domain": foreign(listener({ hostname: "*.a.test" })),
    "another's listener for something else than HTTP": foreign(listener({ protocol: "TCP" })),
  },
  breaks: parents(shared),
  message: noSection(0),
  unknown: [
    {
      given: changed(parents(shared), ["spec", "hostnames", 0], unknown),
      later: ["spec.hostnames.0"],
      violations: [noSection(0)],
    },
    {
      given: parents({ ...shared, sectionName: unknown }, shared),
      later: ["spec.parentRefs.0.sectionName"],
      violations: [noSection(1)],
    },
    {
      given: changed(redirect, ["spec", "rules", 0, "filters", 0, "requestRedirect"], {
        scheme: unknown,
      }),
      later: ["spec.rules.0.filters.0.requestRedirect.scheme"],
    },
    {
      given: changed(listenerSet, ["spec", "listeners", 0, "protocol"], unknown),
      later: ["spec.listeners.0.protocol"],
    },
    // Its length is known.
    {
      given: changed(
        listenerSet,
        ["spec", "listeners", 0, "tls", "certificateRefs", 0, "name"],
        unknown,
      ),
      later: [],
    },
  ],
  ignores: {
    "another type": { ...parents(shared), type: "kubernetes:core/v1:Service" },
    "a parent without listeners: a route inside a mesh": parents({
      group: "",
      kind: "Service",
      name: "mlflow",
    }),
    "another's route of TCP": { ...foreign(route), type: route.type.replace("HTTP", "TCP") },
  },
});

describe("a route that serves", () => {
  test.each<[string, Given, string[]]>([
    ["no host", changed(route, ["spec", "hostnames"], undefined), [noHost]],
    ["an empty list of hosts", changed(route, ["spec", "hostnames"], []), [noHost]],
    [
      "every host of a domain",
      changed(route, ["spec", "hostnames"], ["shop.example.com", "*.example.com"]),
      [
        "spec.hostnames[1] is *.example.com, which includes the hosts of other instances; set it to the host of this instance.",
      ],
    ],
    [
      "a second parent without a listener",
      parents({ ...shared, sectionName: "https" }, { name: "internal" }),
      [noSection(1, "Gateway internal")],
    ],
    ["a port in place of the name", parents({ ...shared, port: 443 }), [noSection(0)]],
    [
      "a listener set without a listener",
      parents({ kind: "ListenerSet", name: "mlflow" }),
      [noSection(0, "ListenerSet mlflow")],
    ],
    [
      "the listener for plain HTTP",
      parents({ ...shared, sectionName: "http" }),
      [
        "spec.parentRefs[0].sectionName is http, a listener for plain HTTP; set it to the listener for HTTPS of the Gateway shared (the setting plainListeners has the names of those for plain HTTP).",
      ],
    ],
    [
      "Gateways that take every route",
      changed(route, ["spec", "useDefaultGateways"], "All"),
      [
        "spec.useDefaultGateways is All, so the route attaches to every listener of those Gateways; remove it, and set spec.parentRefs.",
      ],
    ],
    [
      "a redirect with a backend, at the listener for plain HTTP of no name",
      changed(rule({ filters: [toHttps] }), ["spec", "parentRefs"], [shared]),
      [noSection(0)],
    ],
    [
      "a redirect to plain HTTP",
      rule({
        backendRefs: undefined,
        filters: [{ ...toHttps, requestRedirect: { scheme: "http" } }],
      }),
      ["spec.rules[0].filters[0] redirects to plain HTTP; set requestRedirect.scheme to https."],
    ],
    ["null for the listener", parents({ ...shared, sectionName: null }), [noSection(0)]],
    ["null for the kind", parents({ ...shared, kind: null }), [noSection(0)]],
    [
      "a second backend",
      rule({
        backendRefs: [
          { name: "mlflow", port: 80 },
          { name: "copy", port: 80, weight: 9 },
        ],
      }),
      [
        "spec.rules[0].backendRefs has 2 entries, so a part of the requests goes to another backend; keep the one of the instance's Service.",
      ],
    ],
    [
      "a backend of another namespace",
      rule({ backendRefs: [{ name: "mlflow", namespace: "evil", port: 80 }] }),
      [
        "spec.rules[0].backendRefs[0].namespace is evil, so requests leave the instance's namespace; remove it.",
      ],
    ],
    [
      "a backend of another kind",
      rule({ backendRefs: [{ kind: "ServiceImport", name: "mlflow" }] }),
      ["spec.rules[0].backendRefs[0].kind is ServiceImport; set it to Service."],
    ],
    [
      "a redirect to another host",
      rule({
        backendRefs: undefined,
        filters: [{ ...toHttps, requestRedirect: { scheme: "https", hostname: "evil.example" } }],
      }),
      [
        "spec.rules[0].filters[0] redirects to evil.example; remove requestRedirect.hostname, so that the host stays.",
      ],
    ],
    ["a mirror", rule({ filters: [mirror] }), [mirrored("rules[0].filters[0]")]],
    [
      "a mirror of one backend",
      rule({ backendRefs: [{ name: "mlflow", port: 80, filters: [mirror] }] }),
      [mirrored("rules[0].backendRefs[0].filters[0]")],
    ],
    ["an older version of the API", version(parents(shared), "v1beta1"), [noSection(0)]],
    ["a yet older version of the API", version(parents(shared), "v1alpha2"), [noSection(0)]],
    ["another's", foreign(parents(shared)), [noSection(0)]],
  ])("%s", async (_, given, violations) => {
    expect(await said(given)).toEqual(violations);
  });
});

test.each(["GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"])(
  "a %s leads to no instance, in whichever version",
  async (kind) => {
    const given = { ...route, type: route.type.replace("HTTPRoute", kind) };
    for (const each of [given, version(given, "v1alpha2")])
      expect(await said(each)).toEqual([
        `A ${kind} leads to an instance; replace it by an HTTPRoute, because the server speaks HTTP behind a listener for HTTPS only.`,
      ]);
  },
);

describe("a listener set", () => {
  const path = "spec.listeners[0]";
  const plain = (protocol: string) =>
    `${path}.protocol is ${protocol}; set it to HTTPS (a redirect attaches to the listener for plain HTTP of the Gateway itself).`;
  test.each<[string, Given, string[]]>([
    ["plain HTTP", listener({ protocol: "HTTP", tls: undefined }), [plain("HTTP")]],
    ["another's plain HTTP", foreign(listener({ protocol: "HTTP" })), [plain("HTTP")]],
    ["TCP to an instance", listener({ protocol: "TCP" }), [plain("TCP")]],
    [
      "no host",
      listener({ hostname: undefined }),
      [
        `${path}.hostname is missing, so the listener takes requests for every host; set it to the host.`,
      ],
    ],
    [
      "every host of a domain",
      listener({ hostname: "*.example.com" }),
      [
        `${path}.hostname is *.example.com, which includes the hosts of other instances; set it to the host of this instance.`,
      ],
    ],
    [
      "TLS that passes through",
      listener({ tls: { mode: "Passthrough", certificateRefs: [{ name: "x" }] } }),
      [`${path}.tls.mode is Passthrough; set it to Terminate.`],
    ],
    ...[undefined, { mode: "Terminate" }, { certificateRefs: [] }].map(
      (tls): [string, Given, string[]] => [
        `no certificate: ${JSON.stringify(tls)}`,
        listener({ tls }),
        [`${path}.tls.certificateRefs is empty; set it to the Secret of the certificate.`],
      ],
    ),
    [
      "its name before it was general",
      {
        ...listener({ protocol: "HTTP" }),
        type: "kubernetes:gateway.networking.x-k8s.io/v1alpha1:XListenerSet",
      },
      [plain("HTTP")],
    ],
  ])("%s", async (_, given, violations) => {
    expect(await said(given)).toEqual(violations);
  });

  test("each listener is judged, also behind one that a preview can't know", async () => {
    const two = changed(listener({ protocol: unknown }), ["spec", "listeners", 1], {
      name: "http",
      protocol: "HTTP",
    });
    expect(await judge(routeHasTls, two)).toEqual({
      violations: [plain("HTTP").replace("[0]", "[1]")],
      later: ["Not known in a preview: spec.listeners.0.protocol. It is checked at `up`."],
    });
  });
});

test("the platform team names the listeners for plain HTTP of its Gateways", async () => {
  const config = { plainListeners: ["public-80"] };
  expect(await said(parents({ ...shared, sectionName: "public-80" }), config)).toHaveLength(1);
  expect(await judge(routeHasTls, parents({ ...shared, sectionName: "web" }), { config })).toEqual(
    clean,
  );
});
