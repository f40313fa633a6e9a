import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HealthContext, PlatformContext } from "./context.ts";
import { componentKubeconfig } from "./controlPlane.ts";
import { httpOk } from "./http.ts";
import { writeSecretFile } from "./kubeconfig.ts";
import { kubernetesApi } from "./kubernetesApi.ts";
import type { ServiceDefinition } from "./processes.ts";

export function kubeProxyConfiguration({ network }: PlatformContext, kubeconfig: string): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    bindAddress: network.nodeIp,
    healthzBindAddress: `${network.nodeIp}:10256`,
    metricsBindAddress: `${network.nodeIp}:10249`,
    hostnameOverride: network.nodeName,
    clientConnection: { kubeconfig },
    clusterCIDR: network.podCidr,
    detectLocalMode: "ClusterCIDR",
    nodePortAddresses: ["primary"],
    // Connection tracking is set for the machine as a whole: leave it alone.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    oomScoreAdj: 0,
  };
}

/**
 * It asks for its node's address at growing intervals: on a new cluster it is started when the
 * kubelet has registered the node, and is ready at once.
 */
async function waitForNode({ network, paths }: PlatformContext): Promise<void> {
  const api = await kubernetesApi(network, paths);
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(150)) {
    const node = await api.get<{ status?: { addresses?: unknown[] } }>(
      `/api/v1/nodes/${network.nodeName}`,
    );
    if ((node?.status?.addresses ?? []).length > 0) return;
  }
}

export async function kubeProxy(context: PlatformContext): Promise<ServiceDefinition> {
  const { paths, tools } = context;
  await waitForNode(context);
  const kubeconfig = await componentKubeconfig(context, "kube-proxy-client");
  const configuration = `${JSON.stringify(kubeProxyConfiguration(context, kubeconfig.path), undefined, 2)}\n`;
  const path = join(paths.config, "kube-proxy.json");
  await writeSecretFile(path, configuration);
  return {
    name: "kube-proxy",
    program: join(tools.kubernetes, "kube-proxy"),
    args: [`--config=${path}`],
    configuration: [configuration, kubeconfig.text],
  };
}

export const kubeProxyHealth = ({ network }: HealthContext): Promise<void> =>
  httpOk(`http://${network.nodeIp}:10256/healthz`);
