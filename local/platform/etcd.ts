import { certificateTexts, pair, type HealthContext, type PlatformContext } from "./context.ts";
import { call, identityOf } from "./https.ts";
import type { ServiceDefinition } from "./processes.ts";

export const etcdUrl = (nodeIp: string): string => `https://${nodeIp}:2379`;

export async function etcd({ network, paths }: PlatformContext): Promise<ServiceDefinition> {
  const { nodeIp, nodeName } = network;
  const server = pair(paths, "etcd");
  const ca = pair(paths, "etcd-ca").certificate;
  const peer = `https://${nodeIp}:2380`;
  return {
    name: "etcd",
    program: "/usr/bin/etcd",
    args: [
      `--name=${nodeName}`,
      `--data-dir=${paths.etcd}`,
      `--listen-client-urls=${etcdUrl(nodeIp)}`,
      `--advertise-client-urls=${etcdUrl(nodeIp)}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=${nodeName}=${peer}`,
      // An authority of its own: no certificate of the cluster opens the store beneath it.
      ...[
        `--trusted-ca-file=${ca}`,
        `--cert-file=${server.certificate}`,
        `--key-file=${server.key}`,
        "--client-cert-auth=true",
      ],
      ...[
        `--peer-trusted-ca-file=${ca}`,
        `--peer-cert-file=${server.certificate}`,
        `--peer-key-file=${server.key}`,
        "--peer-client-cert-auth=true",
      ],
      "--auto-compaction-retention=1h",
      "--snapshot-count=5000",
      "--logger=zap",
      "--log-level=warn",
    ],
    ...(process.arch === "arm64" ? { env: { ETCD_UNSUPPORTED_ARCH: "arm64" } } : {}),
    configuration: await certificateTexts(paths, ["etcd", "etcd-ca"]),
  };
}

export async function etcdHealth({ network, paths }: HealthContext): Promise<void> {
  const identity = await identityOf(paths.pki, "etcd-ca", "etcd-client");
  const { body } = await call(`${etcdUrl(network.nodeIp)}/health`, identity, { timeoutMs: 2_000 });
  if ((JSON.parse(body) as { health?: string }).health !== "true")
    throw new Error(`it says of its health: ${body.slice(0, 200)}`);
}
