import type { RawResource } from "../rawStack.ts";
import type { Apply } from "./change.ts";

// Instances behind a Gateway, for edits of routes and listeners.

const group = "gateway.networking.k8s.io";
const ofKind = (kind: string) => `kubernetes:${group}/v1:${kind}`;
const shared = { group, kind: "Gateway", name: "shared", namespace: "gateway" };

/** The platform's Gateway, as a stack has it that makes its own. */
export const gateway: RawResource = {
  type: ofKind("Gateway"),
  name: "shared-gateway",
  inputs: {
    metadata: { name: shared.name, namespace: shared.namespace },
    spec: {
      gatewayClassName: "cilium",
      listeners: [
        { name: "http", port: 80, protocol: "HTTP" },
        { name: "https", hostname: "*.mlflow.example.com", port: 443, protocol: "HTTPS" },
      ],
    },
  },
  protect: false,
  provider: "the-cluster",
};

/** A route, its redirect and its own listener in place of an instance's ingress. */
function behindGateway(ingress: RawResource): RawResource[] {
  const { labels, namespace } = ingress.inputs["metadata"];
  const { host } = ingress.inputs["spec"].rules[0];
  const made = (kind: string, noun: string, name: string, spec: object): RawResource => ({
    ...ingress,
    type: ofKind(kind),
    name: ingress.name.replace(/ingress$/, noun),
    inputs: { metadata: { name, namespace, labels }, spec },
  });
  const backendRefs = [{ group: "", kind: "Service", name: "mlflow", port: 80 }];
  const toHttps = { type: "RequestRedirect", requestRedirect: { scheme: "https" } };
  const certificateRefs = [{ group: "", kind: "Secret", name: "mlflow-tls" }];
  return [
    made("HTTPRoute", "route", "mlflow", {
      parentRefs: [{ group, kind: "ListenerSet", name: "mlflow", sectionName: "https" }],
      hostnames: [host],
      rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs }],
    }),
    made("HTTPRoute", "redirect", "mlflow-redirect", {
      parentRefs: [{ ...shared, sectionName: "http" }],
      hostnames: [host],
      rules: [{ filters: [toHttps] }],
    }),
    made("ListenerSet", "listeners", "mlflow", {
      parentRef: shared,
      listeners: [
        {
          name: "https",
          hostname: host,
          port: 443,
          protocol: "HTTPS",
          tls: { mode: "Terminate", certificateRefs },
        },
      ],
    }),
  ];
}

/** The edit of a stack in which `fraud-detector` is behind the Gateway. */
export const routed =
  (edit: Apply): Apply =>
  (stack) =>
    edit([
      ...stack.flatMap((each) =>
        each.name === "fraud-detector-ingress" ? behindGateway(each) : each,
      ),
      gateway,
    ]);
