/** The parts of the Kubernetes objects that decide about traffic. */
export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Pod {
  readonly metadata: Metadata;
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly containers?: readonly { readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[] }[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

export interface Namespace {
  readonly metadata: Metadata;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

export interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface Port {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface NetworkPolicy {
  readonly metadata: Metadata;
  readonly spec: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly Port[] }[];
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly Port[] }[];
  };
}

export interface ClusterState {
  readonly pods: readonly Pod[];
  readonly namespaces: readonly Namespace[];
  readonly policies: readonly NetworkPolicy[];
}

/** An absent selector selects nothing here; an empty one selects everything, as in Kubernetes. */
export function matches(selector: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  const byLabels = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  const byExpressions = (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      default:
        return false;
    }
  });
  return byLabels && byExpressions;
}

/** Pods with an address of their own. A finished pod's address may belong to another one by now; one on the node's network is the node. */
export const addressedPods = (pods: readonly Pod[]): (Pod & { readonly status: { readonly podIP: string } })[] =>
  pods.filter(
    (pod): pod is Pod & { readonly status: { readonly podIP: string } } =>
      pod.status?.podIP !== undefined && pod.status.podIP !== "" && pod.spec?.hostNetwork !== true && !["Succeeded", "Failed"].includes(pod.status.phase ?? ""),
  );

/** The number of a named port of a pod. */
export function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.find((port) => port.name === name && (port.protocol ?? "TCP") === protocol)?.containerPort;
}
