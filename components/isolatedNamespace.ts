import * as pulumi from "@pulumi/pulumi";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { ResourceQuota } from "@pulumi/kubernetes/core/v1/resourceQuota.js";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import {
  Component,
  labelsOf,
  namespaceAnnotations,
  type Identity,
  type NamespaceFacts,
} from "./internal/labels.ts";
import { logicalName, namespaceName, objectNames } from "./internal/names.ts";
import { networkPolicies, type NetworkFacts } from "./internal/networkPolicies.ts";
import { childrenOf } from "./internal/options.ts";
import { podSecurityLabels } from "./internal/podSecurity.ts";

export interface IsolatedNamespaceArgs {
  identity: Identity;
  facts: NamespaceFacts;
  /** What others look for on the namespace. */
  labels: Record<string, string>;
  replicas: number;
  /** Registry credentials as a `config.json` of Docker. */
  imagePullSecret: pulumi.Input<string> | undefined;
  network: Omit<NetworkFacts, "instanceName" | "finalDump">;
}

/** The instance's namespace and its fences: pod security, quota, default-deny network. */
export class IsolatedNamespace {
  /** Name of the namespace. */
  readonly namespace: pulumi.Output<string>;
  /**
   * What has to exist before the first pod starts: a pod that starts earlier would run unfenced.
   */
  readonly fences: pulumi.Resource[];
  /** Name of the Secret with the registry credentials, where some were given. */
  readonly pullSecret: pulumi.Output<string> | undefined;

  constructor(name: string, args: IsolatedNamespaceArgs, instance: pulumi.Resource) {
    const child = childrenOf(instance, "IsolatedNamespace");
    const labels = labelsOf(args.identity, Component.Instance);
    const namespace = new Namespace(
      logicalName(name, "namespace"),
      {
        metadata: {
          name: namespaceName(args.identity.instanceName),
          labels: { ...labels, ...podSecurityLabels, ...args.labels },
          annotations: namespaceAnnotations(args.identity, args.facts),
        },
      },
      child(),
    );
    this.namespace = namespace.metadata.name;

    const quota = new ResourceQuota(
      logicalName(name, "resourceQuota"),
      {
        metadata: { name: objectNames.quota, namespace: this.namespace, labels },
        spec: {
          hard: {
            // The pods of a rollout, the jobs beside them (migration, maintenance, a command) and a
            // few retries; a loop that makes pods stops here and not at the cluster's end.
            pods: String(args.replicas + 10),
            // Requests come through the ingress only.
            "services.loadbalancers": "0",
            "services.nodeports": "0",
          },
        },
      },
      child(),
    );

    const policies = networkPolicies({
      ...args.network,
      instanceName: args.identity.instanceName,
      finalDump: args.facts.preparingDeletion,
    }).map(
      ({ noun, objectName, spec }) =>
        new NetworkPolicy(
          logicalName(name, noun),
          { metadata: { name: objectName, namespace: this.namespace, labels }, spec },
          child(),
        ),
    );
    const pullSecret =
      args.imagePullSecret === undefined
        ? undefined
        : new Secret(
            logicalName(name, "pullSecret"),
            {
              // A fixed name: new credentials change the Secret in place and restart no pod.
              metadata: { name: objectNames.pullSecret, namespace: this.namespace, labels },
              type: "kubernetes.io/dockerconfigjson",
              stringData: {
                ".dockerconfigjson": pulumi.secret(pulumi.output(args.imagePullSecret)),
              },
            },
            child(),
          );
    this.pullSecret = pullSecret?.metadata.name;
    this.fences = [quota, ...policies, ...(pullSecret === undefined ? [] : [pullSecret])];
  }
}
