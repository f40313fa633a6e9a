import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { PodIdentityMethod } from "../enums.ts";
import type { NetworkSettings } from "../platformSettings.ts";
import type { DatabaseFacts } from "./storeFacts.ts";
import type { IssuerOpening } from "./issuerAccess.ts";
import { Component, componentLabel, selectorOf } from "./labels.ts";
import { objectNames, type Noun } from "./names.ts";
import type { MonitoringSettings } from "../monitoringSettings.ts";
import { metricsPort, serverPort } from "./hosts.ts";

type Policy = input.networking.v1.NetworkPolicySpec;
type Peer = input.networking.v1.NetworkPolicyPeer;
type Ingress = input.networking.v1.NetworkPolicyIngressRule;
type Egress = input.networking.v1.NetworkPolicyEgressRule;

export interface NetworkFacts {
  instanceName: string;
  network: NetworkSettings;
  database: Pick<DatabaseFacts, "port">;
  /** URL of the object store; undefined for AWS S3. */
  objectStoreEndpoint: string | undefined;
  /** How pods come to their role of AWS; undefined where they have keys. */
  podIdentity: PodIdentityMethod | undefined;
  monitoring: MonitoringSettings | undefined;
  /** Issuers from which the server fetches keys. */
  issuers: readonly IssuerOpening[];
  /** Whether the Job that writes the last dump has to get out. */
  finalDump: boolean;
}

export interface NamedPolicy {
  noun: Noun;
  objectName: string;
  spec: Policy;
}

/** Port on which the object store answers. */
export function objectStorePort(network: NetworkSettings, endpoint: string | undefined): number {
  if (network.objectStorePort !== undefined) return network.objectStorePort;
  if (endpoint === undefined) return 443;
  const url = new URL(endpoint);
  return url.port === "" ? (url.protocol === "http:" ? 80 : 443) : Number(url.port);
}

/**
 * Nothing may talk to or from the namespace but what is listed. The kubelet's probes need no
 * opening: traffic from a pod's own node is always allowed. Addresses are CIDRs because a policy
 * knows no names.
 */
export function networkPolicies(facts: NetworkFacts): NamedPolicy[] {
  const dns: Egress = {
    to: [
      {
        namespaceSelector: {
          matchLabels: {
            "kubernetes.io/metadata.name": facts.network.dnsNamespace ?? "kube-system",
          },
        },
        podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
      },
      ...blocks(facts.network.dnsCidrs ?? []),
    ],
    ports: [
      { protocol: "UDP", port: 53 },
      { protocol: "TCP", port: 53 },
    ],
  };
  const database: Egress = {
    to: blocks(facts.network.databaseCidrs),
    ports: [{ protocol: "TCP", port: facts.database.port ?? 5432 }],
  };
  const objectStore = objectStoreAccess(facts);
  const controllers: Peer[] = [
    ...(facts.network.ingressNamespace === undefined
      ? []
      : [inNamespace(facts.network.ingressNamespace)]),
    ...blocks(facts.network.ingressCidrs ?? []),
  ];
  return [
    {
      noun: "defaultDeny",
      objectName: objectNames.defaultDeny,
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    },
    {
      noun: "serverPolicy",
      objectName: objectNames.serverPolicy,
      spec: {
        podSelector: { matchLabels: selectorOf(facts.instanceName, Component.TrackingServer) },
        policyTypes: ["Ingress", "Egress"],
        ingress: [
          { from: controllers, ports: [{ protocol: "TCP", port: serverPort }] },
          ...metricsAccess(facts.monitoring),
        ],
        egress: [dns, database, ...objectStore, ...facts.issuers.map(issuerAccess)],
      },
    },
    {
      // The migration needs no object store and accepts no connection.
      noun: "migrationPolicy",
      objectName: objectNames.migrationPolicy,
      spec: {
        podSelector: { matchLabels: selectorOf(facts.instanceName, Component.Migration) },
        policyTypes: ["Ingress", "Egress"],
        egress: [dns, database],
      },
    },
    {
      // For the jobs of both schedules and for those that a command starts from their templates.
      noun: "maintenancePolicy",
      objectName: objectNames.maintenancePolicy,
      spec: {
        podSelector: maintenancePods(facts.instanceName),
        policyTypes: ["Ingress", "Egress"],
        egress: [dns, database, ...objectStore],
      },
    },
    ...(facts.finalDump
      ? [
          {
            noun: "finalDumpPolicy",
            objectName: objectNames.finalDumpPolicy,
            spec: {
              podSelector: { matchLabels: selectorOf(facts.instanceName, Component.FinalDump) },
              policyTypes: ["Ingress", "Egress"],
              egress: [dns, database, ...objectStore],
            },
          } satisfies NamedPolicy,
        ]
      : []),
  ];
}

/** The store, and where pods get their credentials for it. */
function objectStoreAccess({ network, objectStoreEndpoint, podIdentity }: NetworkFacts): Egress[] {
  const port = objectStorePort(network, objectStoreEndpoint);
  const store =
    network.objectStoreCidrs === undefined ? everythingPublic : blocks(network.objectStoreCidrs);
  const endpoints = blocks(network.endpointCidrs ?? []);
  const https = [...(port === 443 ? store : []), ...endpoints];
  return [
    ...(port === 443 ? [] : [{ to: store, ports: [{ protocol: "TCP", port }] }]),
    // The token service has the same addresses and port as the store: a rule by address can't tell
    // them from each other.
    ...(https.length === 0 ? [] : [{ to: https, ports: [{ protocol: "TCP", port: 443 }] }]),
    ...(podIdentity === PodIdentityMethod.PodIdentity ? [agent] : []),
  ];
}

const metricsAccess = (monitoring: MonitoringSettings | undefined): Ingress[] =>
  monitoring === undefined
    ? []
    : [
        {
          from: [inNamespace(monitoring.namespace)],
          ports: [{ protocol: "TCP", port: metricsPort }],
        },
      ];

const inNamespace = (name: string): Peer => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

const issuerAccess = ({ cidrs, port }: IssuerOpening): Egress => ({
  to: cidrs === undefined ? everythingPublic : blocks(cidrs),
  ports: [{ protocol: "TCP", port }],
});

/** Where the agent of EKS Pod Identity answers on each node. */
const agent: Egress = {
  to: blocks(["169.254.170.23/32", "fd00:ec2::23/128"]),
  ports: [{ protocol: "TCP", port: 80 }],
};

/**
 * The public internet, as far as a rule by address can say it: the addresses of AWS' services
 * change, and a gateway endpoint in the VPC keeps them. Never another pod, node or network of ours,
 * and never the node's metadata service.
 */
const everythingPublic: Peer[] = [
  {
    ipBlock: {
      cidr: "0.0.0.0/0",
      except: ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
    },
  },
  { ipBlock: { cidr: "::/0", except: ["fc00::/7", "fe80::/10"] } },
];

function maintenancePods(instanceName: string): input.meta.v1.LabelSelector {
  const { [componentLabel]: _, ...shared } = selectorOf(instanceName, Component.Retention);
  return {
    matchLabels: shared,
    matchExpressions: [
      { key: componentLabel, operator: "In", values: [Component.Retention, Component.StaleRuns] },
    ],
  };
}

function blocks(cidrs: readonly Input<string>[]): Peer[] {
  return cidrs.map((cidr) => ({ ipBlock: { cidr } }));
}
