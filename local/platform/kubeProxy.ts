import { join } from "node:path";
import type { HealthContext, PlatformContext } from "./context.ts";
import { componentKubeconfig } from "./controlPlane.ts";
import { httpOk } from "./http.ts";
import { writeSecretFile } from "./kubeconfig.ts";
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

export async function kubeProxy(context: PlatformContext): Promise<ServiceDefinition> {
  const { paths, tools } = context;
  const kubeconfig = await componentKubeconfig(context, "kube-proxy-client");
  const configuration = `${JSON.stringify(kubeProxyConfiguration(context, kubeconfig.path), undefined, 2)}\n`;
  const path = join(paths.config, "kube-proxy.json");
  await writeSecretFile(path, configuration);
  return {
    name: "kube-proxy",
    program: join(tools.kubernetes, "kube-proxy"),
    args: [`--config=${path}`],
    configuration: [configuration, kubeconfig.text],
    startTimeoutMs: 180_000, // it waits for the node, which the kubelet registers
  };
}

export const kubeProxyHealth = ({ network }: HealthContext): Promise<void> => httpOk(`http://${network.nodeIp}:10256/healthz`);
