// The kinds that this project uses, and which of their fields can't change in place. The rules are
// the official provider's (4.34), not the API server's: it replaces a Secret or ConfigMap on a
// change of data so that pods roll, though Kubernetes could update it.

export interface Kind {
  apiVersion: string;
  kind: string;
  /** Name in API paths. */
  plural: string;
  namespaced: boolean;
  /** Paths of which a change replaces the object, beside metadata.name and metadata.namespace. */
  replacedBy: readonly string[];
}

function kind(
  apiVersion: string,
  name: string,
  plural: string,
  replacedBy: readonly string[] = [],
  namespaced = true,
): Kind {
  return { apiVersion, kind: name, plural, namespaced, replacedBy };
}

const rbac = "rbac.authorization.k8s.io/v1";
const networking = "networking.k8s.io/v1";

const kinds: readonly Kind[] = [
  kind("v1", "Namespace", "namespaces", [], false),
  kind("v1", "ServiceAccount", "serviceaccounts"),
  kind("v1", "Secret", "secrets", ["type", "stringData", "data"]),
  kind("v1", "ConfigMap", "configmaps", ["binaryData", "data"]),
  kind("v1", "Service", "services", ["spec.clusterIP"]),
  kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims", [
    "spec.accessModes",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeName",
  ]),
  kind("v1", "ResourceQuota", "resourcequotas", ["spec.scopes"]),
  kind("v1", "LimitRange", "limitranges"),
  kind("apps/v1", "Deployment", "deployments", ["spec.selector"]),
  kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
  kind(networking, "NetworkPolicy", "networkpolicies"),
  kind(networking, "Ingress", "ingresses"),
  kind("batch/v1", "Job", "jobs", [
    "spec.completions",
    "spec.parallelism",
    "spec.selector",
    "spec.template",
  ]),
  kind("batch/v1", "CronJob", "cronjobs"),
  kind(rbac, "Role", "roles"),
  kind(rbac, "RoleBinding", "rolebindings", ["roleRef"]),
];

/** Kinds that are only looked at while waiting for one of the above. */
export const pods = kind("v1", "Pod", "pods");
export const events = kind("v1", "Event", "events");
export const replicaSets = kind("apps/v1", "ReplicaSet", "replicasets");
export const endpointSlices = kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices");
export const storageClasses = kind(
  "storage.k8s.io/v1",
  "StorageClass",
  "storageclasses",
  [],
  false,
);

/** The Pulumi type, such as `kubernetes:core/v1:Secret`. */
export function typeOfKind({ apiVersion, kind: name }: Kind): string {
  return `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${name}`;
}

const byType = new Map(kinds.map((k) => [typeOfKind(k), k]));
export const supportedTypes: string[] = [...byType.keys()];

export function kindOfType(type: string): Kind | undefined {
  return byType.get(type);
}

export function kindNamed(name: string): Kind {
  const found = kinds.find((k) => k.kind === name);
  if (!found) throw new Error(`unknown kind ${name}`);
  return found;
}
