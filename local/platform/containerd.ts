import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { ProfilePaths } from "../paths.ts";
import type { HealthContext, PlatformContext } from "./context.ts";
import { sandboxImage } from "./images.ts";
import { writeSecretFile } from "./kubeconfig.ts";
import { podNetworkFolder, podPluginFolder, preparePodNetwork } from "./podNetwork.ts";
import type { ServiceDefinition } from "./processes.ts";

const overlayFilesystem = 0x794c7630;

export function containerdConfiguration(
  paths: ProfilePaths,
  snapshotter: "overlayfs" | "native",
): string {
  return `version = 2
root = "${paths.containerd}"
state = "${paths.run}/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]

[grpc]
  address = "${paths.containerdSocket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImage}"
  # Without the capability to lower a score every pod would fail with "can't get final child's PID from pipe".
  restrict_oom_score_adj = true
  # A profile would have to be loaded into the machine's kernel.
  disable_apparmor = true
  netns_mounts_under_state_dir = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${podPluginFolder(paths)}"
    conf_dir = "${podNetworkFolder(paths)}"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "${snapshotter}"
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

export async function containerd({ network, paths }: PlatformContext): Promise<ServiceDefinition> {
  await Promise.all([
    mkdir(paths.containerd, { recursive: true }),
    preparePodNetwork(network, paths),
  ]);
  // An overlay can't lie on an overlay (the platform within a container): files are copied then.
  const snapshotter =
    (await statfs(paths.containerd)).type === overlayFilesystem ? "native" : "overlayfs";
  const configuration = containerdConfiguration(paths, snapshotter);
  const path = join(paths.config, "containerd.toml");
  await writeSecretFile(path, configuration);
  return {
    name: "containerd",
    program: "/usr/bin/containerd",
    args: [`--config=${path}`, "--log-level=warn"],
    configuration: [configuration],
  };
}

export async function containerdHealth({ paths }: HealthContext): Promise<void> {
  await execa("ctr", ["--address", paths.containerdSocket, "--timeout", "2s", "version"], {
    timeout: 5_000,
  });
}
