import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cgroupRoot } from "./cgroups.ts";
import { certificateTexts, pair, type HealthContext, type PlatformContext } from "./context.ts";
import { componentKubeconfig } from "./controlPlane.ts";
import { httpOk } from "./http.ts";
import { writeSecretFile } from "./kubeconfig.ts";
import { kubernetesApi } from "./kubernetesApi.ts";
import { findService, type ServiceDefinition } from "./processes.ts";
import { startedAt } from "./procfs.ts";

export function kubeletConfiguration({ network, paths, profile }: PlatformContext): object {
  const serving = pair(paths, "kubelet");
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: network.nodeIp,
    healthzBindAddress: network.nodeIp,
    healthzPort: 10248,
    readOnlyPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pair(paths, "cluster-ca").certificate },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: serving.certificate,
    tlsPrivateKeyFile: serving.key,
    containerRuntimeEndpoint: `unix://${paths.containerdSocket}`,
    clusterDomain: "cluster.local",
    clusterDNS: [network.dnsServiceIp],
    resolvConf: join(paths.config, "resolv.conf"),
    cgroupDriver: "cgroupfs",
    cgroupRoot: cgroupRoot(profile),
    failSwapOn: false,
    failCgroupV1: false,
    // The holder shows the kubelet the values that it wants, so it must not try to write the
    // machine's.
    protectKernelDefaults: true,
    // A process may raise its score, but not lower it without a capability that containers and
    // small machines lack.
    oomScoreAdj: 0,
    // A disk with a quota reports more space in use than there is; images are local and could not
    // be fetched again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    // Amounts and no shares: 1 % of a large disk is gigabytes, and the node would take no pod while
    // there is room.
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "500Mi",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "500Mi",
    },
    // By default a node whose disk has room again takes no pod for five more minutes.
    evictionPressureTransitionPeriod: "15s",
    podLogsDir: join(paths.logs, "pods"),
    volumePluginDir: join(paths.kubelet, "volume-plugins"),
    containerLogMaxSize: "10Mi",
    containerLogMaxFiles: 3,
    nodeStatusUpdateFrequency: "5s",
    enableServer: true,
  };
}

interface NodeObject {
  status?: {
    conditions?: { type: string; status: string; message?: string; lastHeartbeatTime?: string }[];
  };
}

export async function kubelet(context: PlatformContext): Promise<ServiceDefinition> {
  const { network, paths, tools } = context;
  const kubeconfig = await componentKubeconfig(context, "node-client");
  const configuration = `${JSON.stringify(kubeletConfiguration(context), undefined, 2)}\n`;
  const path = join(paths.config, "kubelet.json");
  await Promise.all([
    mkdir(paths.kubelet, { recursive: true }),
    mkdir(join(paths.logs, "pods"), { recursive: true }),
  ]);
  await writeSecretFile(path, configuration);
  // No name server: what the cluster's DNS doesn't know does not exist.
  await writeSecretFile(
    join(paths.config, "resolv.conf"),
    "# no name server outside of the cluster\n",
  );
  return {
    name: "kubelet",
    program: join(tools.kubernetes, "kubelet"),
    args: [
      `--config=${path}`,
      `--kubeconfig=${kubeconfig.path}`,
      `--root-dir=${paths.kubelet}`,
      `--node-ip=${network.nodeIp}`,
      `--hostname-override=${network.nodeName}`,
    ],
    configuration: [
      configuration,
      kubeconfig.text,
      ...(await certificateTexts(paths, ["kubelet", "cluster-ca"])),
    ],
    startTimeoutMs: 120_000,
  };
}

export async function kubeletHealth({ network, paths }: HealthContext): Promise<void> {
  await httpOk(`http://${network.nodeIp}:10248/healthz`);
  const api = await kubernetesApi(network, paths);
  const node = await api.get<NodeObject>(`/api/v1/nodes/${network.nodeName}`);
  const ready = node?.status?.conditions?.find(({ type }) => type === "Ready");
  const record = await findService(paths, "kubelet");
  // Before its first report after a start, the API server still tells what a former kubelet said.
  if (
    record !== undefined &&
    Date.parse(ready?.lastHeartbeatTime ?? "") < Math.floor((await startedAt(record)) / 1000) * 1000
  ) {
    throw new Error("it has not reported the node's state since its start");
  }
  if (ready?.status !== "True")
    throw new Error(`the node is not ready: ${ready?.message ?? "it has not registered yet"}`);
}
