import type { NetworkPolicy, Pod } from "../../../../local/networkPolicies/objects.ts";

// Two pods in one namespace and a stranger in another, and policies for them.

export const namespaces = [
  { metadata: { name: "mlflow-a", labels: { "kubernetes.io/metadata.name": "mlflow-a" } } },
  { metadata: { name: "mlflow-b", labels: { "kubernetes.io/metadata.name": "mlflow-b" } } },
];
export const pod = (
  namespace: string,
  name: string,
  podIP: string,
  more: Partial<Pod> = {},
): Pod => ({
  metadata: { namespace, name, labels: { app: name } },
  spec: { containers: [{ ports: [{ name: "http", containerPort: 5000 }] }] },
  status: { phase: "Running", podIP },
  ...more,
});
export const policy = (
  name: string,
  spec: NetworkPolicy["spec"],
  namespace = "mlflow-a",
): NetworkPolicy => ({
  metadata: { namespace, name },
  spec: spec ?? {},
});
export const server = pod("mlflow-a", "server", "10.99.0.9");
const client = pod("mlflow-a", "client", "10.99.0.10");
export const stranger = pod("mlflow-b", "stranger", "10.99.0.11");
export const all = [server, client, stranger];
export const denyAll = policy("deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
