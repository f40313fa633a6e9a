// Inputs as the SDK sends them.
import type { Properties } from "../../../../../local/plugins/shared/values.ts";

export const configMapType = "kubernetes:core/v1:ConfigMap";
export const secretType = "kubernetes:core/v1:Secret";
export const deploymentType = "kubernetes:apps/v1:Deployment";
export const jobType = "kubernetes:batch/v1:Job";
export const serviceType = "kubernetes:core/v1:Service";
export const ingressType = "kubernetes:networking.k8s.io/v1:Ingress";
export const claimType = "kubernetes:core/v1:PersistentVolumeClaim";
export const namespaceType = "kubernetes:core/v1:Namespace";

export function configMap(data: Properties = { a: "1" }, metadata: Properties = {}): Properties {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "team", ...metadata },
    data,
  };
}

export function deployment(spec: Properties = {}, metadata: Properties = {}): Properties {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "server", namespace: "team", ...metadata },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "server" } },
      template: {
        metadata: { labels: { app: "server" } },
        spec: { containers: [{ name: "main", image: "server:1" }] },
      },
      ...spec,
    },
  };
}

export function job(metadata: Properties = {}): Properties {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "migrate", namespace: "team", ...metadata },
    spec: {
      template: {
        spec: { restartPolicy: "Never", containers: [{ name: "main", image: "migrate:1" }] },
      },
    },
  };
}

export function service(spec: Properties = {}): Properties {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "server", namespace: "team" },
    spec: { selector: { app: "server" }, ports: [{ port: 80 }], ...spec },
  };
}
