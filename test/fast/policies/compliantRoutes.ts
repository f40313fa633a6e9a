import { changed, ingress } from "./compliantInstance.ts";
import { instance } from "./instances.ts";
import type { Given } from "./support.ts";

// The instance `shop` behind a Gateway, as its rules want it, in place of its ingress.

const group = "gateway.networking.k8s.io";
const host = "shop.example.com";
const { labels } = ingress.props["metadata"];
const metadata = (name: string) => ({ name, namespace: "mlflow-shop", labels });

const parentRef = { group, kind: "Gateway", name: "shared", namespace: "gateway" };

export const route: Given = {
  type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
  name: "shop-route",
  props: {
    metadata: metadata("mlflow"),
    spec: {
      parentRefs: [{ ...parentRef, sectionName: "https" }],
      hostnames: [host],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          timeouts: { request: "0s", backendRequest: "0s" },
          backendRefs: [{ group: "", kind: "Service", name: "mlflow", port: 80 }],
        },
      ],
    },
  },
};

export const toHttps = {
  type: "RequestRedirect",
  requestRedirect: { scheme: "https", statusCode: 301 },
};

export const redirect: Given = {
  type: route.type,
  name: "shop-redirect",
  props: {
    metadata: metadata("mlflow-redirect"),
    spec: {
      parentRefs: [{ ...parentRef, sectionName: "http" }],
      hostnames: [host],
      rules: [{ filters: [toHttps] }],
    },
  },
};

export const listenerSet: Given = {
  type: "kubernetes:gateway.networking.k8s.io/v1:ListenerSet",
  name: "shop-listeners",
  props: {
    metadata: metadata("mlflow"),
    spec: {
      parentRef,
      listeners: [
        {
          name: "https",
          hostname: host,
          port: 443,
          protocol: "HTTPS",
          tls: {
            mode: "Terminate",
            certificateRefs: [{ group: "", kind: "Secret", name: "certificate" }],
          },
          allowedRoutes: { namespaces: { from: "Same" } },
        },
      ],
    },
  },
};

/** The route of an instance with a certificate of its own. */
export const routeToOwnListener = changed(route, ["spec", "parentRefs", 0], {
  group,
  kind: "ListenerSet",
  name: "mlflow",
  sectionName: "https",
});

/** The platform's Gateway, whose objects are no instance's. */
export const gateway: Given = {
  type: "kubernetes:gateway.networking.k8s.io/v1:Gateway",
  name: "shared-gateway",
  urn: "urn:shared-gateway",
  props: {
    metadata: { name: "shared", namespace: "gateway" },
    spec: {
      gatewayClassName: "cilium",
      listeners: [
        { name: "http", port: 80, protocol: "HTTP" },
        { name: "https", hostname: "*.example.com", port: 443, protocol: "HTTPS" },
      ],
    },
  },
};

/** The same object in another namespace, without the labels of an instance. */
export const foreign = (given: Given): Given => ({
  ...changed(given, ["metadata"], { name: "web", namespace: "web" }),
  name: "web",
  urn: "urn:web",
});

/** All parts of an instance, with these in place of its ingress. */
export const routed = (given: readonly Given[] = [route], name = "shop"): Given[] => [
  ...instance(name, { ingress: undefined }),
  ...given.map((one) => {
    const named = JSON.parse(JSON.stringify(one).replaceAll("shop", name)) as Given;
    return { ...named, urn: `urn:${named.name}` };
  }),
];
