import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Profile } from "../paths.ts";

/**
 * The pods of a profile are below this group, so that two kubelets on one machine don't take each
 * other's pods for orphans.
 */
export const cgroupRoot = (profile: Profile): string => `/mlflow-instances-${profile}`;

/** Mount points of all control-group hierarchies, of a mount table. */
export function cgroupMounts(mounts: string): { path: string; version: 1 | 2 }[] {
  return mounts.split("\n").flatMap((line) => {
    const [, path, type] = line.split(" ");
    return path !== undefined && (type === "cgroup" || type === "cgroup2")
      ? [{ path, version: type === "cgroup" ? (1 as const) : (2 as const) }]
      : [];
  });
}

const hierarchies = async (): Promise<{ path: string; version: 1 | 2 }[]> =>
  cgroupMounts(await readFile("/proc/mounts", "utf8"));

export async function createCgroups(profile: Profile): Promise<void> {
  for (const { path, version } of await hierarchies()) {
    const folder = join(path, cgroupRoot(profile));
    await mkdir(folder, { recursive: true });
    if (version === 2) {
      // Controllers pass down only when each level says so; in a hybrid setup there is nothing to
      // pass.
      const controllers = (await readFile(join(path, "cgroup.controllers"), "utf8"))
        .trim()
        .split(" ")
        .filter((name) => name !== "");
      for (const at of [path, folder]) {
        for (const name of controllers)
          await writeFile(join(at, "cgroup.subtree_control"), `+${name}`).catch(() => undefined);
      }
      continue;
    }
    // Version 1: a new cpuset is empty and accepts no process until it is filled from its parent.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const value = await readFile(join(path, file), "utf8").catch(() => undefined);
      if (value !== undefined) await writeFile(join(folder, file), value);
    }
  }
}

async function groupsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => groupsBelow(join(folder, entry.name))),
  );
  return [...below.flat(), folder]; // the deepest first
}

/** Processes of all containers of the profile, by their numbers on the machine. */
export async function containerProcesses(profile: Profile): Promise<number[]> {
  const pids = new Set<number>();
  for (const { path } of await hierarchies()) {
    for (const folder of await groupsBelow(join(path, cgroupRoot(profile)))) {
      const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
      for (const line of text.split("\n")) if (line !== "") pids.add(Number(line));
    }
  }
  return [...pids];
}

/** Removes the groups; possible as soon as the kernel has taken the last process away. */
export async function removeCgroups(profile: Profile): Promise<void> {
  for (const { path } of await hierarchies()) {
    const root = join(path, cgroupRoot(profile));
    for (let attempt = 0; ; attempt += 1) {
      let busy: string | undefined;
      for (const folder of await groupsBelow(root)) {
        await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") busy = folder;
        });
      }
      if (busy === undefined) break;
      if (attempt > 100)
        throw new Error(`The control group ${busy} can't be removed: something still runs in it.`);
      await sleep(50);
    }
  }
}
