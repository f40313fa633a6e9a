import { readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { removeHosts } from "../hosts.ts";
import { profileNetwork, profilePaths, type Profile } from "../paths.ts";
import type { Report } from "../report.ts";
import { containerProcesses, removeCgroups } from "./cgroups.ts";
import { endHolder, findHolder } from "./holder.ts";
import { processesInNetwork, removeNetwork } from "./network.ts";
import { stopService } from "./processes.ts";
import { endProcess, processStat, signalProcess } from "./procfs.ts";
import { serviceStops, stopOrder } from "./services.ts";

/**
 * Asks the containers' processes to end, as the kubelet would, and gives them a moment. What stays
 * ends with the namespaces.
 */
async function endContainers(profile: Profile): Promise<void> {
  for (const pid of await containerProcesses(profile)) {
    const stat = await processStat(pid);
    if (stat !== undefined) await signalProcess({ pid, startTime: stat.startTime }, "SIGTERM");
  }
  for (
    const deadline = Date.now() + 5_000;
    Date.now() < deadline && (await containerProcesses(profile)).length > 0;
  )
    await sleep(100);
}

/**
 * Ends everything at once and takes network, control groups and run folder away. Also cleans up
 * after a killed run.
 */
export async function endNamespaces(profile: Profile): Promise<void> {
  const [paths, network] = [profilePaths(profile), profileNetwork(profile)];
  await endHolder(paths);
  // A holder that was started a moment before its starter was killed has not yet written down who
  // it is.
  for (const pid of await processesInNetwork(network)) {
    const stat = await processStat(pid);
    if (stat !== undefined) await endProcess({ pid, startTime: stat.startTime }, "SIGKILL", 5_000);
  }
  await removeNetwork(network);
  await removeCgroups(profile);
  await rm(paths.run, { recursive: true, force: true });
}

/** Stops all services in order and leaves nothing on the machine but the data. */
export async function stopPlatform(profile: Profile, report: Report): Promise<void> {
  const paths = profilePaths(profile);
  if ((await findHolder(paths)) !== undefined) {
    await report.step(`Stop the embedded platform (${profile})`, async (log) => {
      for (const [index, group] of stopOrder.entries()) {
        log(`stops ${group.join(", ")}`);
        const stopping: Promise<void>[] = group.map((name) =>
          stopService(paths, name, serviceStops[name]),
        );
        // The kubelet is gone by then and starts nothing again.
        if (index === 1) stopping.push(endContainers(profile));
        await Promise.all(stopping);
      }
      await endNamespaces(profile);
    });
  } else {
    report.info(`The embedded platform (${profile}) isn't running.`);
    await endNamespaces(profile);
  }
  await removeHosts(profile);
}

/** Stops the platform and deletes all of its data. */
export async function resetPlatform(profile: Profile, report: Report): Promise<void> {
  await stopPlatform(profile, report);
  const { state } = profilePaths(profile);
  const mounts = (await readFile("/proc/mounts", "utf8"))
    .split("\n")
    .filter((line) => line.split(" ")[1]?.startsWith(`${state}/`));
  // Deleting through a mount would delete what is mounted.
  if (mounts.length > 0)
    throw new Error(
      `Something is mounted below ${state}, so it is not deleted: ${mounts.map((line) => line.split(" ")[1]).join(", ")}`,
    );
  await rm(state, { recursive: true, force: true });
}
