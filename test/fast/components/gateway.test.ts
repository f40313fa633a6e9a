import { describe, expect, test } from "vitest";
import type { IngressSettings } from "@mlflow-instances/components";
import { refusal } from "../../../components/internal/acceptance.ts";
import { problemsOf } from "../../../components/internal/validation.ts";
import { instanceArgs, instanceTypes, newInstance, platformArgs } from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";

// Registrations only: that a controller accepts them, and what happens where it doesn't, is shown in
// test/engine.

const gateway = { name: "public", namespace: "gateways" };
const route = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute";
const own = "kubernetes:gateway.networking.k8s.io/v1:ListenerSet";

const run = (ingress: IngressSettings) =>
  runWithMocks(
    { ...instanceTypes, [route]: () => ({}), [own]: () => ({}) },
    () => newInstance(instanceArgs({}, { ingress })),
    false,
  );
const named = async (ingress: IngressSettings, name: string) =>
  (await run(ingress)).registrations.find((each) => each.name === name)?.inputs;
const namesOf = async (ingress: IngressSettings) =>
  (await run(ingress)).registrations
    .filter(({ type }) => /Ingress|Route|ListenerSet|tls/i.test(type))
    .map(({ name }) => name)
    .sort();

describe("an instance at a Gateway", () => {
  test("has one route to its Service, at the listener for HTTPS, and no Ingress", async () => {
    const { registrations } = await run({ gateway });
    const exposing = registrations.filter(({ type }) => /Ingress$|Route$|ListenerSet$/.test(type));
    expect(exposing.map(({ type, name }) => [type, name])).toEqual([
      [route, "fraud-detector-route"],
    ]);
    const { metadata, spec } = exposing[0]!.inputs;
    expect([metadata.name, metadata.namespace]).toEqual(["mlflow", "mlflow-fraud-detector"]);
    expect(metadata.labels).toMatchObject({ "app.kubernetes.io/component": "ingress" });
    expect(spec).toEqual({
      parentRefs: [
        {
          group: "gateway.networking.k8s.io",
          kind: "Gateway",
          name: "public",
          namespace: "gateways",
          sectionName: "https",
        },
      ],
      hostnames: ["fraud-detector.mlflow.test"],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          timeouts: { request: "0s", backendRequest: "0s" },
          backendRefs: [{ group: "", kind: "Service", name: "mlflow", port: 80, weight: 1 }],
        },
      ],
    });
    expect(registrations.filter(({ inputs }) => inputs.type === "kubernetes.io/tls")).toEqual([]);
  });

  test("waits for the controller's word of the route as it is now", async () => {
    const { metadata } = await named({ gateway }, "fraud-detector-route");
    const [refused, accepted] = JSON.parse(metadata.annotations["pulumi.com/waitFor"]);
    expect(accepted).toBe(
      'jsonpath={$.status.parents[*].conditions[?@.type=="Accepted"&&@.observedGeneration==$.metadata.generation].status}=True',
    );
    expect(refused).toMatch(/^jsonpath=\{\$\.status\.parents\[\*\]\.conditions\.\.\[\?.*\}=True$/);
  });

  test("keeps annotations of the platform, as for external-dns", async () => {
    const annotations = { "external-dns.alpha.kubernetes.io/ttl": "60" };
    const { metadata } = await named({ gateway, annotations }, "fraud-detector-route");
    expect(metadata.annotations).toMatchObject(annotations);
  });

  test("leaves time-outs out for a controller that refuses them", async () => {
    const { spec } = await named(
      { gateway: { ...gateway, timeouts: false } },
      "fraud-detector-route",
    );
    expect(spec.rules[0]).not.toHaveProperty("timeouts");
  });

  test("at another listener is at no other", async () => {
    const { spec } = await named(
      { gateway: { ...gateway, listener: "websecure" } },
      "fraud-detector-route",
    );
    expect(spec.parentRefs.map(({ sectionName }: any) => sectionName)).toEqual(["websecure"]);
  });

  test("leads plain HTTP to HTTPS where a listener for it is named, and serves nothing there", async () => {
    const settings = { gateway: { ...gateway, redirectListener: "http" } };
    expect(await namesOf(settings)).toEqual([
      "fraud-detector-redirect-route",
      "fraud-detector-route",
    ]);
    const { metadata, spec } = await named(settings, "fraud-detector-redirect-route");
    expect(metadata.name).toBe("mlflow-redirect");
    expect(spec.parentRefs.map(({ sectionName }: any) => sectionName)).toEqual(["http"]);
    expect(spec.rules).toEqual([
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        filters: [
          {
            type: "RequestRedirect",
            requestRedirect: { scheme: "https", statusCode: 301 },
          },
        ],
      },
    ]);
  });
});

describe("an instance with a certificate of its own", () => {
  test("has a listener with it, and its route is at that listener only", async () => {
    const tls = platformArgs().ingress.tls!;
    const settings = { gateway, tls };
    const { registrations } = await run(settings);
    const find = (name: string) => registrations.find((each) => each.name === name)!.inputs;
    const { spec } = find("fraud-detector-listener-set");
    expect(spec).toEqual({
      parentRef: {
        group: "gateway.networking.k8s.io",
        kind: "Gateway",
        name: "public",
        namespace: "gateways",
      },
      listeners: [
        {
          name: "https",
          hostname: "fraud-detector.mlflow.test",
          port: 443,
          protocol: "HTTPS",
          tls: {
            mode: "Terminate",
            certificateRefs: [
              { group: "", kind: "Secret", name: "fraud-detector-certificate-0a1b2c3d" },
            ],
          },
          allowedRoutes: { namespaces: { from: "Same" } },
        },
      ],
    });
    expect(find("fraud-detector-route").spec.parentRefs).toEqual([
      {
        group: "gateway.networking.k8s.io",
        kind: "ListenerSet",
        name: "mlflow",
        sectionName: "https",
      },
    ]);
  });

  test("of cert-manager says so at the listener, where cert-manager reads it", async () => {
    const tls = { source: "certManager", clusterIssuer: "letsencrypt" } as const;
    const { metadata } = await named({ gateway, tls }, "fraud-detector-listener-set");
    expect(metadata.annotations).toMatchObject({ "cert-manager.io/cluster-issuer": "letsencrypt" });
    const { metadata: ofRoute } = await named({ gateway, tls }, "fraud-detector-route");
    expect(ofRoute.annotations).not.toHaveProperty("cert-manager.io/cluster-issuer");
  });
});

describe("a wrong value is said with its path", () => {
  const tls = { source: "secret", secretName: "wildcard" } as const;
  const className = "traefik";
  const problems = (ingress: object) =>
    problemsOf(instanceArgs({}, { ingress })).map(
      ({ propertyPath, reason }) => `${propertyPath} ${reason}`,
    );

  test.each<[what: string, ingress: object, problem: string]>([
    ["neither", { tls }, "className must be set, or platform.ingress.gateway"],
    ["both", { className, gateway, tls }, "className must be set, or platform.ingress.gateway"],
    ["a class without certificate", { className }, "tls must be set with className"],
    ["a Gateway without name", { gateway: { namespace: "gateways" } }, "gateway.name must be set"],
    [
      "a Gateway by a path",
      { gateway: { ...gateway, name: "gateways/public" } },
      "gateway.name must be a name in Kubernetes",
    ],
    [
      "a Gateway without a name's text",
      { gateway: { ...gateway, name: "" } },
      "gateway.name must be a name in Kubernetes",
    ],
    [
      "a namespace with a dot",
      { gateway: { ...gateway, namespace: "a.b" } },
      "gateway.namespace must be a name in Kubernetes",
    ],
    [
      "a name of two dots",
      { gateway: { ...gateway, name: "a..b" } },
      "gateway.name must be a name in Kubernetes",
    ],
    [
      "a listener beside a certificate",
      { gateway: { ...gateway, listener: "https" }, tls },
      "gateway.listener must not be set together with platform.ingress.tls",
    ],
    [
      "one listener for both",
      { gateway: { ...gateway, redirectListener: "https" } },
      "gateway.redirectListener must be another listener",
    ],
    [
      "a port without a listener of its own",
      { gateway: { ...gateway, port: 8443 } },
      "gateway.port belongs to platform.ingress.tls",
    ],
    ["port 0", { gateway: { ...gateway, port: 0 } }, "gateway.port must be a port"],
    ["an unknown field", { gateway: { ...gateway, class: "x" } }, "gateway.class is no argument"],
    [
      "a record in Route 53",
      { gateway, dnsZoneId: "Z0123456789ABC" },
      "dnsZoneId belongs to className",
    ],
    [
      "a group of load balancers",
      { gateway, controller: "alb", groupName: "shared" },
      "groupName belongs to className",
    ],
    [
      "a certificate in ACM",
      { gateway, controller: "alb", tls: { source: "acm", certificateArn: "arn:aws:acm:x:1:c" } },
      "tls.source acm needs className",
    ],
  ])("%s", (_what, ingress, problem) => {
    expect(problems(ingress).join("\n")).toContain(`platform.ingress.${problem}`);
  });

  test("and a right one isn't", () => {
    expect(problems({ gateway })).toEqual([]);
    expect(problems({ gateway, controller: "alb" })).toEqual([]);
    expect(problems({ gateway: { ...gateway, redirectListener: "http" } })).toEqual([]);
    expect(problems({ gateway: { ...gateway, port: 8443 }, tls })).toEqual([]);
  });
});

describe("the error of an object that isn't accepted", () => {
  // As the provider has printed it.
  const quoted = (condition: string) =>
    `resource "urn:…" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: "{$.status…}" has a non-primitive value (map[${condition}])`;

  test.each<[what: string, error: string, words: string | undefined]>([
    [
      "a reason alone",
      quoted(
        "lastTransitionTime:2026-11-30T13:06:39Z message: observedGeneration:1 reason:NotAllowedByListeners status:False type:Accepted",
      ),
      "The route is not accepted: NotAllowedByListeners",
    ],
    [
      "a reason with a message, which may have colons and brackets",
      quoted(
        "lastTransitionTime:2026-11-30T13:06:39Z message:no listener: [https] takes it observedGeneration:1 reason:NoMatchingParent status:False type:Accepted",
      ),
      "The route is not accepted: NoMatchingParent, no listener: [https] takes it",
    ],
    [
      "nobody's answer",
      "failed to fully initialize or become live: timed out waiting for the condition",
      "The route is not accepted: no controller has answered within 3 minutes; is the class of the Gateway served?",
    ],
    ["another error", "routes.gateway.networking.k8s.io is forbidden", undefined],
  ])("is in plain words for %s", (_what, error, words) => {
    expect(refusal("The route", error)).toBe(words);
  });
});
