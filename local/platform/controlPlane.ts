import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { certificateTexts, pair, type HealthContext, type PlatformContext } from "./context.ts";
import { etcdUrl } from "./etcd.ts";
import { expectOk, identityOf } from "./https.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { apiServerUrl } from "./kubernetesApi.ts";
import type { ServiceDefinition } from "./processes.ts";

/** Garbage collection a little earlier than usual: a few MB of CPU work for a third less memory. */
const memoryEnvironment = { GOGC: "60" };

/** The claim `iss` in the tokens of service accounts. */
export const serviceAccountIssuer = "https://kubernetes.default.svc.cluster.local";

export async function apiServer({
  network,
  paths,
  tools,
}: PlatformContext): Promise<ServiceDefinition> {
  const { nodeIp, ports } = network;
  const serving = pair(paths, "kube-apiserver");
  const etcdClient = pair(paths, "etcd-client");
  const kubeletClient = pair(paths, "kubelet-client");
  const serviceAccounts = pair(paths, "service-accounts").key;
  const clusterCa = pair(paths, "cluster-ca").certificate;
  return {
    name: "kube-apiserver",
    program: join(tools.kubernetes, "kube-apiserver"),
    args: [
      `--bind-address=${nodeIp}`,
      `--advertise-address=${nodeIp}`,
      `--secure-port=${ports.apiServer}`,
      `--tls-cert-file=${serving.certificate}`,
      `--tls-private-key-file=${serving.key}`,
      `--client-ca-file=${clusterCa}`,
      "--anonymous-auth=false",
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      `--etcd-servers=${etcdUrl(nodeIp)}`,
      `--etcd-cafile=${pair(paths, "etcd-ca").certificate}`,
      `--etcd-certfile=${etcdClient.certificate}`,
      `--etcd-keyfile=${etcdClient.key}`,
      `--kubelet-certificate-authority=${clusterCa}`,
      `--kubelet-client-certificate=${kubeletClient.certificate}`,
      `--kubelet-client-key=${kubeletClient.key}`,
      "--kubelet-preferred-address-types=InternalIP",
      `--service-account-issuer=${serviceAccountIssuer}`,
      `--service-account-key-file=${serviceAccounts}`,
      `--service-account-signing-key-file=${serviceAccounts}`,
      `--service-cluster-ip-range=${network.serviceCidr}`,
      "--profiling=false",
      "--goaway-chance=0",
    ],
    env: memoryEnvironment,
    configuration: await certificateTexts(paths, [
      "kube-apiserver",
      "cluster-ca",
      "etcd-ca",
      "etcd-client",
      "kubelet-client",
    ]),
    startTimeoutMs: 120_000,
  };
}

/**
 * Flags that the scheduler and the controller manager share: they serve their health with a
 * certificate and ask the API server who may read the rest.
 */
function componentArguments(
  context: PlatformContext,
  kubeconfig: string,
  certificateName: string,
): string[] {
  const { network, paths } = context;
  const serving = pair(paths, certificateName);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${network.nodeIp}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    "--leader-elect=false", // there is one of each
    "--profiling=false",
  ];
}

export async function componentKubeconfig(
  { network, paths }: PlatformContext,
  name: string,
): Promise<{ path: string; text: string }> {
  await mkdir(paths.config, { recursive: true, mode: 0o711 });
  const path = join(paths.config, `${name}.kubeconfig`);
  return {
    path,
    text: await writeKubeconfig(path, paths.pki, {
      name,
      server: apiServerUrl(network),
      identity: name,
    }),
  };
}

export async function controllerManager(context: PlatformContext): Promise<ServiceDefinition> {
  const { paths, tools } = context;
  const kubeconfig = await componentKubeconfig(context, "controller-manager-client");
  return {
    name: "kube-controller-manager",
    program: join(tools.kubernetes, "kube-controller-manager"),
    args: [
      ...componentArguments(context, kubeconfig.path, "kube-controller-manager"),
      `--root-ca-file=${pair(paths, "cluster-ca").certificate}`,
      `--service-account-private-key-file=${pair(paths, "service-accounts").key}`,
      "--use-service-account-credentials=true",
      "--allocate-node-cidrs=false",
    ],
    env: memoryEnvironment,
    configuration: [
      kubeconfig.text,
      ...(await certificateTexts(paths, ["kube-controller-manager", "cluster-ca"])),
    ],
  };
}

export async function scheduler(context: PlatformContext): Promise<ServiceDefinition> {
  const { paths, tools } = context;
  const kubeconfig = await componentKubeconfig(context, "scheduler-client");
  return {
    name: "kube-scheduler",
    program: join(tools.kubernetes, "kube-scheduler"),
    args: componentArguments(context, kubeconfig.path, "kube-scheduler"),
    env: memoryEnvironment,
    configuration: [kubeconfig.text, ...(await certificateTexts(paths, ["kube-scheduler"]))],
  };
}

export const apiServerHealth = async ({ network, paths }: HealthContext): Promise<void> =>
  expectOk(`${apiServerUrl(network)}/readyz`, await identityOf(paths.pki, "cluster-ca", "admin"));

export const controllerManagerHealth = async ({ network, paths }: HealthContext): Promise<void> =>
  expectOk(`https://${network.nodeIp}:10257/healthz`, await identityOf(paths.pki, "cluster-ca"));

export const schedulerHealth = async ({ network, paths }: HealthContext): Promise<void> =>
  expectOk(`https://${network.nodeIp}:10259/healthz`, await identityOf(paths.pki, "cluster-ca"));
