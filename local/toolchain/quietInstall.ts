import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { exists } from "./folderOnce.ts";

const marker = "# Written by mlflow-instances for the time of one installation; safe to remove.";

/**
 * The two places where Debian asks whether an installed service may start and whether a PostgreSQL
 * cluster is made.
 */
export interface QuietPaths {
  policy: string;
  cluster: string;
}

const systemPaths: QuietPaths = {
  policy: "/usr/sbin/policy-rc.d",
  cluster: "/etc/postgresql-common/createcluster.d/mlflow-instances.conf",
};

/**
 * Runs an installation that starts no service and makes no PostgreSQL cluster on the host. A policy
 * that the machine already has is put aside and put back; what an earlier end by `kill -9` left is
 * recognised by its marker.
 */
export async function withoutServices<T>(
  work: () => Promise<T>,
  paths: QuietPaths = systemPaths,
): Promise<T> {
  const aside = `${paths.policy}.before-mlflow-instances`;
  const foreign =
    (await exists(paths.policy)) && !(await readFile(paths.policy, "utf8")).includes(marker);
  if (foreign) await rename(paths.policy, aside);
  try {
    await mkdir(dirname(paths.policy), { recursive: true });
    await writeFile(paths.policy, `#!/bin/sh\n${marker}\nexit 101\n`);
    await chmod(paths.policy, 0o755);
    // A folder of postgresql-common: made before that package is there, dpkg leaves it and its own
    // files as they are.
    await mkdir(dirname(paths.cluster), { recursive: true });
    await writeFile(paths.cluster, `${marker}\ncreate_main_cluster = false\n`);
    return await work();
  } finally {
    await rm(paths.cluster, { force: true });
    if (await exists(aside)) await rename(aside, paths.policy);
    else await rm(paths.policy, { force: true });
  }
}
