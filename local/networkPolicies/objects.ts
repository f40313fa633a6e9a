/**
 * The parts of the Kubernetes API that decide about packets, in the API's own JSON form. The client
 * library's classes are not used: they call `from` `_from` in lists and `from` in watches, and a
 * rule whose `from` is overlooked would let every source in.
 */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface PolicyPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface PolicyPort {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface NetworkPolicy {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec?: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly {
      readonly from?: readonly PolicyPeer[];
      readonly ports?: readonly PolicyPort[];
    }[];
    readonly egress?: readonly {
      readonly to?: readonly PolicyPeer[];
      readonly ports?: readonly PolicyPort[];
    }[];
  };
}

export interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

export interface Container {
  readonly ports?: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly protocol?: string;
  }[];
  readonly restartPolicy?: string;
}

export interface Pod {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

export const podKey = (pod: {
  readonly metadata: { readonly namespace: string; readonly name: string };
}): string => `${pod.metadata.namespace}/${pod.metadata.name}`;

/**
 * The cluster's DNS runs on the node, under an address of its own; policies name it as they do on
 * every other cluster.
 */
export const dnsPod = (address: string): Pod => ({
  metadata: { namespace: "kube-system", name: "coredns", labels: { "k8s-app": "kube-dns" } },
  spec: {
    containers: [
      {
        ports: [
          { name: "dns", containerPort: 53, protocol: "UDP" },
          { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
        ],
      },
    ],
  },
  status: { phase: "Running", podIP: address },
});

/**
 * An empty selector selects everything; requirements of all kinds must hold together. An unknown
 * operator selects nothing.
 */
export function selects(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  const own = (key: string): string | undefined =>
    Object.hasOwn(labels, key) ? labels[key] : undefined;
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => own(key) === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = own(key);
      if (operator === "In") return value !== undefined && values.includes(value);
      if (operator === "NotIn") return value === undefined || !values.includes(value);
      if (operator === "Exists") return value !== undefined;
      return operator === "DoesNotExist" && value === undefined;
    })
  );
}
