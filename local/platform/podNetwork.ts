import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { networkPolicyController } from "../networkPolicies/index.ts";
import type { ProfileNetwork, ProfilePaths } from "../paths.ts";
import { writeSecretFile } from "./kubeconfig.ts";

const packagedPlugins = "/usr/lib/cni";

/** The only folder in which containerd looks for the plugins of the pod network. */
export const podPluginFolder = (paths: ProfilePaths): string => join(paths.run, "cni-plugins");
export const podNetworkFolder = (paths: ProfilePaths): string => join(paths.config, "cni");

/**
 * Pods are connected point to point, not by a bridge: so each packet between two pods passes the
 * hooks of the network policies. The last plugin lets a pod start when its rules are there.
 */
export function podNetworkConfiguration(network: ProfileNetwork, paths: ProfilePaths): string {
  return `${JSON.stringify(
    {
      cniVersion: "1.0.0",
      name: "pods",
      plugins: [
        {
          type: "ptp",
          ipMasq: false,
          ipam: {
            type: "host-local",
            dataDir: join(paths.run, "pod-addresses"),
            ranges: [[{ subnet: network.podCidr }]],
            routes: [{ dst: "0.0.0.0/0" }],
          },
        },
        networkPolicyController.cniPlugin({ runFolder: paths.run }),
      ],
    },
    undefined,
    2,
  )}\n`;
}

export async function preparePodNetwork(
  network: ProfileNetwork,
  paths: ProfilePaths,
): Promise<void> {
  const plugins = podPluginFolder(paths);
  await Promise.all([
    mkdir(plugins, { recursive: true }),
    mkdir(podNetworkFolder(paths), { recursive: true }),
  ]);
  for (const name of ["ptp", "host-local", "loopback"]) {
    await rm(join(plugins, name), { force: true });
    await symlink(join(packagedPlugins, name), join(plugins, name));
  }
  await networkPolicyController.installCniPlugin(plugins);
  await writeSecretFile(
    join(podNetworkFolder(paths), "10-pods.conflist"),
    podNetworkConfiguration(network, paths),
  );
}
