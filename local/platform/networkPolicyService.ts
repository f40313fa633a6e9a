import { networkPolicyController, type NetworkPolicyOptions } from "../networkPolicies/index.ts";
import type { ProfilePaths } from "../paths.ts";
import type { HealthContext, PlatformContext } from "./context.ts";
import { componentKubeconfig } from "./controlPlane.ts";
import type { ServiceDefinition } from "./processes.ts";
import type { NetworkPolicyEnforcement } from "./values.ts";

export async function networkPolicies(context: PlatformContext): Promise<ServiceDefinition> {
  const { network, paths } = context;
  const kubeconfig = await componentKubeconfig(context, "network-policies-client");
  const options: NetworkPolicyOptions = {
    kubeconfig: kubeconfig.path,
    podCidr: network.podCidr,
    dnsIp: network.dnsIp,
    runFolder: paths.run,
  };
  const [program = "", ...args] = networkPolicyController.command(options);
  return {
    name: "network-policies",
    program,
    args,
    configuration: [kubeconfig.text, ...networkPolicyController.sources()],
  };
}

export async function networkPoliciesHealth({ paths }: HealthContext): Promise<void> {
  const { healthy, detail } = await networkPolicyController.status({ runFolder: paths.run });
  if (!healthy) throw new Error(detail);
}

/** Whether policies are in force, and by whom. */
export async function networkPolicyEnforcement(
  paths: ProfilePaths,
): Promise<NetworkPolicyEnforcement> {
  const { healthy, detail } = await networkPolicyController.status({ runFolder: paths.run });
  return healthy
    ? { enforced: true, by: `local/networkPolicies (${detail})` }
    : { enforced: false, by: `local/networkPolicies: ${detail}` };
}
