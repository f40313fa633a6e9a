import { profilePaths, type Profile } from "../paths.ts";
import { healthContext } from "./context.ts";
import { networkPolicyEnforcement } from "./networkPolicyService.ts";
import { findService } from "./processes.ts";
import { memoryOf } from "./procfs.ts";
import { servicePlans } from "./services.ts";
import type { NetworkPolicyEnforcement, ServiceStatus } from "./values.ts";

/**
 * Every service of the platform: whether its process runs, whether it answers, how much memory it
 * has. Changes nothing.
 */
export async function platformStatus(profile: Profile): Promise<ServiceStatus[]> {
  const paths = profilePaths(profile);
  const records = await Promise.all(servicePlans.map(({ name }) => findService(paths, name)));
  const memory = await memoryOf(
    records.flatMap((record) => (record === undefined ? [] : [record.pid])),
  );
  return Promise.all(
    servicePlans.map(async ({ name, health }, index): Promise<ServiceStatus> => {
      const record = records[index];
      if (record === undefined)
        return { name, running: false, healthy: false, detail: "not running" };
      const detail = await health(healthContext(profile)).then(
        () => "",
        (error: Error) => error.message,
      );
      const memoryBytes = memory.get(record.pid) ?? 0;
      return {
        name,
        running: true,
        healthy: detail === "",
        detail: detail === "" ? "answers" : detail,
        pid: record.pid,
        memoryBytes,
      };
    }),
  );
}

export const networkPolicyStatus = (profile: Profile): Promise<NetworkPolicyEnforcement> =>
  networkPolicyEnforcement(profilePaths(profile));
