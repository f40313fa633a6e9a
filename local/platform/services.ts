import {
  apiServer,
  apiServerHealth,
  controllerManager,
  controllerManagerHealth,
  scheduler,
  schedulerHealth,
} from "./controlPlane.ts";
import { containerd, containerdHealth } from "./containerd.ts";
import type { HealthContext, PlatformContext } from "./context.ts";
import { dns, dnsHealth } from "./dns.ts";
import { etcd, etcdHealth } from "./etcd.ts";
import { traefik, traefikHealth } from "./ingress.ts";
import { kubelet, kubeletHealth } from "./kubelet.ts";
import { kubeProxy, kubeProxyHealth } from "./kubeProxy.ts";
import { networkPolicies, networkPoliciesHealth } from "./networkPolicyService.ts";
import { objectStore, objectStoreHealth } from "./objectStore.ts";
import { postgresql, postgresqlHealth } from "./postgresql.ts";
import type { ServiceDefinition, StopSettings } from "./processes.ts";

/**
 * A service with those that must answer before it is started. What does not wait for another starts
 * at the same time.
 */
export interface ServicePlan {
  readonly name: string;
  readonly after: readonly string[];
  readonly define: (context: PlatformContext) => Promise<ServiceDefinition>;
  readonly health: (context: HealthContext) => Promise<void>;
}

/** `cluster objects` is the step that gives the services beside the cluster their rights in it. */
export const clusterObjects = "cluster objects";

export const servicePlans: readonly ServicePlan[] = [
  { name: "etcd", after: [], define: etcd, health: etcdHealth },
  { name: "containerd", after: [], define: containerd, health: containerdHealth },
  { name: "postgresql", after: [], define: postgresql, health: postgresqlHealth },
  { name: "object-store", after: [], define: objectStore, health: objectStoreHealth },
  { name: "kube-apiserver", after: ["etcd"], define: apiServer, health: apiServerHealth },
  {
    name: "kube-controller-manager",
    after: ["kube-apiserver"],
    define: controllerManager,
    health: controllerManagerHealth,
  },
  { name: "kube-scheduler", after: ["kube-apiserver"], define: scheduler, health: schedulerHealth },
  { name: "kube-proxy", after: ["kube-apiserver"], define: kubeProxy, health: kubeProxyHealth },
  {
    name: "network-policies",
    after: [clusterObjects],
    define: networkPolicies,
    health: networkPoliciesHealth,
  },
  { name: "coredns", after: [clusterObjects], define: dns, health: dnsHealth },
  { name: "traefik", after: [clusterObjects], define: traefik, health: traefikHealth },
  // It registers the node, which kube-proxy waits for. All that pods need at once is there before.
  {
    name: "kubelet",
    after: [
      "kube-apiserver",
      "containerd",
      "network-policies",
      "coredns",
      "postgresql",
      "object-store",
    ],
    define: kubelet,
    health: kubeletHealth,
  },
];

export const serviceNames: readonly string[] = servicePlans.map(({ name }) => name);

/**
 * Order of stopping: what takes requests first, what others write into last; each group at the same
 * time.
 */
export const stopOrder: readonly (readonly string[])[] = [
  ["kubelet", "traefik"],
  ["kube-controller-manager", "kube-scheduler", "kube-proxy", "network-policies", "coredns"],
  ["kube-apiserver", "postgresql", "object-store", "containerd"],
  ["etcd"],
];

/**
 * How to stop those that need more than the usual signal and ten seconds; known without a
 * definition, which a stop must not need.
 */
export const serviceStops: Readonly<Record<string, StopSettings>> = {
  // Fast shutdown: ends the sessions, writes all, stops.
  postgresql: { signal: "SIGINT", timeoutMs: 30_000 },
  // It goes on for seconds, waiting for its watchers to leave. It keeps nothing: all that it has
  // answered for is in etcd.
  "kube-apiserver": { timeoutMs: 5_000 },
};

/**
 * Runs steps as soon as those that they wait for are done; the first failure is the failure of all.
 */
export async function runInOrder<T>(
  steps: readonly { readonly name: string; readonly after: readonly string[]; run(): Promise<T> }[],
): Promise<Map<string, T>> {
  const running = new Map<string, Promise<T>>();
  const results = new Map<string, T>();
  const start = (name: string, path: readonly string[]): Promise<T> => {
    const present = running.get(name);
    if (present !== undefined) return present;
    const step = steps.find((one) => one.name === name);
    if (step === undefined)
      throw new Error(`${path.at(-1) ?? "?"} waits for ${name}, which is no step`);
    if (path.includes(name))
      throw new Error(`Steps wait for each other: ${[...path, name].join(" -> ")}`);
    const promise = Promise.all(step.after.map((other) => start(other, [...path, name]))).then(
      async () => {
        const result = await step.run();
        results.set(name, result);
        return result;
      },
    );
    running.set(name, promise);
    return promise;
  };
  await Promise.all(steps.map(({ name }) => start(name, [])));
  return results;
}
