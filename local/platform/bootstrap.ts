import type { ProfileNetwork } from "../paths.ts";
import type { KubernetesApi } from "./kubernetesApi.ts";
import { ingressClassName } from "./values.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const gatewayGroup = "gateway.networking.k8s.io";
/** Kinds of the standard channel of which Traefik says what it makes of each. */
const answeredKinds = [
  "gatewayclasses",
  "gateways",
  "httproutes",
  "grpcroutes",
  "backendtlspolicies",
];
const read = ["get", "list", "watch"] as const;
const rbac = "/apis/rbac.authorization.k8s.io/v1";

/**
 * What the services beside the cluster may read: each has a certificate of its own, none is an
 * administrator.
 */
const accounts: readonly { readonly user: string; readonly rules: readonly Rule[] }[] = [
  {
    user: "mlflow-instances:coredns",
    rules: [
      { apiGroups: [""], resources: ["services", "namespaces", "pods", "endpoints"], verbs: read },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
    ],
  },
  {
    user: "mlflow-instances:traefik",
    rules: [
      {
        apiGroups: [""],
        resources: ["services", "secrets", "nodes", "namespaces", "configmaps"],
        verbs: read,
      },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
      { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "ingressclasses"], verbs: read },
      { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
      { apiGroups: [gatewayGroup], resources: [...answeredKinds, "referencegrants"], verbs: read },
      {
        apiGroups: [gatewayGroup],
        resources: answeredKinds.map((kind) => `${kind}/status`),
        verbs: ["update"],
      },
    ],
  },
  {
    user: "mlflow-instances:network-policies",
    rules: [
      { apiGroups: [""], resources: ["pods", "namespaces"], verbs: read },
      { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: read },
    ],
  },
];

const binding = (
  name: string,
  role: string,
  subject: { kind: "User" | "Group"; name: string },
): { path: string; object: object } => ({
  path: `${rbac}/clusterrolebindings/${name}`,
  object: {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", ...subject }],
  },
});

/** Every object that the platform itself puts into the cluster. */
export function bootstrapObjects(network: ProfileNetwork): { path: string; object: object }[] {
  const dns = { name: "kube-dns", namespace: "kube-system" };
  const dnsPorts = [
    { name: "dns", protocol: "UDP", port: 53 },
    { name: "dns-tcp", protocol: "TCP", port: 53 },
  ];
  return [
    // The API server reads logs and opens shells through the kubelet; a right that even it has to
    // be given.
    binding("mlflow-instances:kubelet-clients", "system:kubelet-api-admin", {
      kind: "Group",
      name: "mlflow-instances:kubelet-clients",
    }),
    ...accounts.flatMap(({ user, rules }) => [
      {
        path: `${rbac}/clusterroles/${user}`,
        object: {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "ClusterRole",
          metadata: { name: user },
          rules,
        },
      },
      binding(user, user, { kind: "User", name: user }),
    ]),
    {
      path: `/apis/networking.k8s.io/v1/ingressclasses/${ingressClassName}`,
      object: {
        apiVersion: "networking.k8s.io/v1",
        kind: "IngressClass",
        metadata: {
          name: ingressClassName,
          annotations: { "ingressclass.kubernetes.io/is-default-class": "true" },
        },
        spec: { controller: "traefik.io/ingress-controller" },
      },
    },
    {
      path: `/api/v1/namespaces/${dns.namespace}/services/${dns.name}`,
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { ...dns, labels: { "k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS" } },
        spec: {
          clusterIP: network.dnsServiceIp,
          ports: dnsPorts.map((port) => ({ ...port, targetPort: 53 })),
        },
      },
    },
    {
      path: `/apis/discovery.k8s.io/v1/namespaces/${dns.namespace}/endpointslices/${dns.name}`,
      object: {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: {
          ...dns,
          labels: {
            "kubernetes.io/service-name": dns.name,
            "endpointslice.kubernetes.io/managed-by": "mlflow-instances",
          },
        },
        addressType: "IPv4",
        endpoints: [{ addresses: [network.dnsIp], conditions: { ready: true } }],
        ports: dnsPorts,
      },
    },
  ];
}

export async function bootstrapCluster(api: KubernetesApi, network: ProfileNetwork): Promise<void> {
  const system = "/api/v1/namespaces/kube-system";
  // A new API server makes its own namespaces some moments after it says that it is ready.
  if ((await api.get(system)) === undefined) {
    await api.apply(system, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "kube-system" },
    });
  }
  await Promise.all(bootstrapObjects(network).map(({ path, object }) => api.apply(path, object)));
}
