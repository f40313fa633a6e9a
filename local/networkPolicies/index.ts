import { readdirSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask, socketPath, type ControllerStatus } from "./door.ts";

export interface NetworkPolicyOptions {
  /**
   * Of an account that may list and watch pods, namespaces and networkpolicies; its server must be
   * reachable inside the network namespace.
   */
  readonly kubeconfig: string;
  /** Range of the pods' addresses. */
  readonly podCidr: string;
  /** Address of the cluster's DNS server, which runs on the node. */
  readonly dnsIp: string;
  /** Folder of the controller's socket; goes with the platform's processes. */
  readonly runFolder: string;
}

const pluginType = "mlflow-network-policies";
/**
 * The plugin is started for each pod and the controller runs for ever: both live better with a
 * small heap.
 */
const nodeFlags = ["--max-semi-space-size=1", "--optimize-for-size"];
const program = (file: string): string[] => [
  process.execPath,
  ...nodeFlags,
  join(import.meta.dirname, file),
];

/**
 * All but ADD is nothing to do: that an address is free again shows when the next pod gets it. So
 * the end of a pod starts no Node.
 */
const pluginScript = (add: string): string => `#!/bin/sh
case "$CNI_COMMAND" in
  ADD) exec ${add} ;;
  VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.3.1","0.4.0","1.0.0"]}' ;;
esac
`;

/**
 * Enforces NetworkPolicies on the one node of the embedded platform: a controller in the node's
 * network namespace, and the last plugin of the CNI chain.
 */
export const networkPolicyController = {
  /** Command line of the controller, for a process in the network namespace. */
  command: ({ kubeconfig, podCidr, dnsIp, runFolder }: NetworkPolicyOptions): string[] => [
    ...program("controller.ts"),
    ...[
      "--kubeconfig",
      kubeconfig,
      "--pod-cidr",
      podCidr,
      "--dns-ip",
      dnsIp,
      "--run-folder",
      runFolder,
    ],
  ],

  /** Source texts of the controller: when they change, a running one is out of date. */
  sources: (): string[] =>
    readdirSync(import.meta.dirname)
      .sort()
      .map((file) => readFileSync(join(import.meta.dirname, file), "utf8")),

  /** Last entry of the CNI configuration's `plugins`. */
  cniPlugin: ({ runFolder }: Pick<NetworkPolicyOptions, "runFolder">): Record<string, unknown> => ({
    type: pluginType,
    socket: socketPath(runFolder),
  }),

  /** Writes the plugin's executable into the folder of the CNI plugins. */
  installCniPlugin: async (binFolder: string): Promise<void> => {
    const path = join(binFolder, pluginType);
    const words = program("cni.ts").map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    await writeFile(`${path}.draft`, pluginScript(words.join(" ")), { mode: 0o755 });
    await rename(`${path}.draft`, path);
  },

  /**
   * Asks the running controller. Healthy: the kernel has the rules of all known policies and the
   * watches are current.
   */
  status: async ({
    runFolder,
  }: Pick<NetworkPolicyOptions, "runFolder">): Promise<{ healthy: boolean; detail: string }> => {
    try {
      const { ready, policies, pods, isolatedPods, rules, lastSync, problem } =
        await ask<ControllerStatus>(socketPath(runFolder), "/status", {}, 3000);
      if (!ready || problem !== undefined)
        return { healthy: false, detail: problem ?? "not ready yet" };
      const detail = `enforced by nftables: ${policies} policies, ${isolatedPods} of ${pods} pods isolated, ${rules} rules, table of ${lastSync}`;
      return { healthy: true, detail };
    } catch (error) {
      return {
        healthy: false,
        detail: `the controller does not answer (${(error as Error).message}); its last rules stay`,
      };
    }
  },
};
