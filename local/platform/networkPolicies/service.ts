import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProfilePaths } from "../../paths.ts";
import { certificateTexts, pair, type HealthContext, type PlatformContext } from "../context.ts";
import { writeSecretFile } from "../kubeconfig.ts";
import { apiServerUrl } from "../kubernetesApi.ts";
import { findService, type ServiceDefinition } from "../processes.ts";
import type { NetworkPolicyEnforcement } from "../values.ts";
import type { ControllerConfiguration, ControllerStatus } from "./controller.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const sources = ["controller.ts", "model.ts", "rules.ts", "watch.ts"];
export const networkPolicyService = "network-policies";

const statusPath = (paths: ProfilePaths): string => join(paths.run, "network-policies.json");

async function readStatus(paths: ProfilePaths): Promise<ControllerStatus> {
  const text = await readFile(statusPath(paths), "utf8").catch(() => undefined);
  if (text === undefined) throw new Error("it has not written any rules yet");
  return JSON.parse(text) as ControllerStatus;
}

export async function networkPolicies({ network, paths }: PlatformContext): Promise<ServiceDefinition> {
  const client = pair(paths, "network-policies-client");
  const values: ControllerConfiguration = {
    server: apiServerUrl(network),
    ca: pair(paths, "cluster-ca").certificate,
    certificate: client.certificate,
    key: client.key,
    dnsIp: network.dnsIp,
    statusPath: statusPath(paths),
  };
  const configuration = JSON.stringify(values);
  const path = join(paths.config, "network-policies.json");
  await writeSecretFile(path, configuration);
  if ((await findService(paths, networkPolicyService)) === undefined) await rm(statusPath(paths), { force: true });
  return {
    name: networkPolicyService,
    // The program that runs this command: the machine's own Node may be too old to run TypeScript.
    program: process.execPath,
    args: ["--max-old-space-size=96", join(folder, "controller.ts"), path],
    configuration: [
      configuration,
      ...(await Promise.all(sources.map((name) => readFile(join(folder, name), "utf8")))),
      ...(await certificateTexts(paths, ["network-policies-client", "cluster-ca"])),
    ],
  };
}

export async function networkPoliciesHealth({ paths }: HealthContext): Promise<void> {
  const { trouble } = await readStatus(paths);
  if (trouble !== "") throw new Error(trouble);
}

/** Whether policies are in force, and by whom. */
export async function networkPolicyEnforcement(paths: ProfilePaths): Promise<NetworkPolicyEnforcement> {
  if ((await findService(paths, networkPolicyService)) === undefined) {
    return { enforced: false, by: `nobody: service ${networkPolicyService} does not run` };
  }
  try {
    const { trouble } = await readStatus(paths);
    return trouble === "" ? { enforced: true, by: "nftables rules of the platform's own controller" } : { enforced: false, by: `nobody: ${trouble}` };
  } catch (error) {
    return { enforced: false, by: `nobody: ${(error as Error).message}` };
  }
}
