import type { ProfileNetwork } from "../paths.ts";

/** Which authority signs: a certificate of one can't be used where another is trusted. */
export type AuthorityName = "ca" | "cluster-ca" | "etcd-ca";

/** `ca` is the one that clients of instances, PostgreSQL and the object store trust. */
export const authorities: Record<AuthorityName, string> = {
  ca: "MLflow instances CA",
  "cluster-ca": "MLflow instances Kubernetes CA",
  "etcd-ca": "MLflow instances etcd CA",
};

export interface CertificateSpec {
  readonly name: string;
  readonly authority: AuthorityName;
  readonly commonName: string;
  readonly organization?: string;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly usages: readonly ("server" | "client")[];
  /** Account that reads the key, when it is not root. */
  readonly owner?: string;
}

const client = (name: string, commonName: string, organization?: string): CertificateSpec => ({
  name,
  authority: "cluster-ca",
  commonName,
  ...(organization === undefined ? {} : { organization }),
  dnsNames: [],
  addresses: [],
  usages: ["client"],
});

/** Every certificate of a profile. Kubernetes knows its components by these names and groups. */
export function certificateSpecs(network: ProfileNetwork): CertificateSpec[] {
  const { nodeIp, nodeName, domain } = network;
  const server = (
    name: string,
    authority: AuthorityName,
    dnsNames: string[] = [],
    addresses: string[] = [nodeIp],
  ): CertificateSpec => ({
    name,
    authority,
    commonName: name,
    dnsNames,
    addresses,
    usages: ["server"],
  });
  return [
    { ...server("ingress", "ca", [domain, `*.${domain}`], []), commonName: domain },
    { ...server("postgresql", "ca"), owner: "postgres" },
    server("objectstore", "ca"),
    { ...server("etcd", "etcd-ca"), usages: ["server", "client"] },
    { ...client("etcd-client", "kube-apiserver"), authority: "etcd-ca" },
    server(
      "kube-apiserver",
      "cluster-ca",
      [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
      ],
      [nodeIp, network.apiServiceIp],
    ),
    server("kube-controller-manager", "cluster-ca"),
    server("kube-scheduler", "cluster-ca"),
    server("kubelet", "cluster-ca", [nodeName]),
    client("admin", "mlflow-instances-admin", "system:masters"),
    client("kubelet-client", "mlflow-instances:api-server", "mlflow-instances:kubelet-clients"),
    client("controller-manager-client", "system:kube-controller-manager"),
    client("scheduler-client", "system:kube-scheduler"),
    client("kube-proxy-client", "system:kube-proxy"),
    client("node-client", `system:node:${nodeName}`, "system:nodes"),
    client("coredns-client", "mlflow-instances:coredns"),
    client("traefik-client", "mlflow-instances:traefik"),
    client("network-policies-client", "mlflow-instances:network-policies"),
  ];
}

/** What the runtime's own parser says of a certificate made by the spec. */
export function expectedSubject(
  spec: Pick<CertificateSpec, "commonName" | "organization">,
): string {
  return [
    ...(spec.organization === undefined ? [] : [`O=${spec.organization}`]),
    `CN=${spec.commonName}`,
  ].join("\n");
}

export function expectedNames(
  spec: Pick<CertificateSpec, "dnsNames" | "addresses">,
): string | undefined {
  const names = [
    ...spec.dnsNames.map((name) => `DNS:${name}`),
    ...spec.addresses.map((address) => `IP Address:${address}`),
  ];
  return names.length === 0 ? undefined : names.join(", ");
}
