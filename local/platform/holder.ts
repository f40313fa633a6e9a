import { spawn } from "node:child_process";
import { mkdir, open, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProfileNetwork, ProfilePaths } from "../paths.ts";
import { endProcess, isAlive, type ProcessIdentity } from "./procfs.ts";

/**
 * The holder is the first process of the namespaces that the whole platform lives in: network,
 * mounts and process numbers. When it ends, however it ends, the kernel ends every service and
 * every container with it and drops every mount: nothing can be left behind.
 */
export type Holder = ProcessIdentity;

/**
 * Settings of the whole machine that the kubelet would write. It sees the values that it wants in
 * its own mount namespace; the machine keeps its own.
 */
const kubeletSysctls: Record<string, string> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

/** Folders with fixed names in containerd, CNI and the kubelet: each profile sees its own there. */
export const privateFolders = (paths: ProfilePaths): { fixed: string; own: string }[] => [
  { fixed: "/run/containerd", own: join(paths.run, "containerd-fixed") },
  { fixed: "/var/lib/cni", own: join(paths.run, "cni-results") },
  { fixed: "/var/log/containers", own: join(paths.logs, "containers") },
];

const recordPath = (paths: ProfilePaths): string => join(paths.run, "holder");
const createdFoldersPath = (paths: ProfilePaths): string => join(paths.run, "created-folders");
/**
 * The machine's own /proc inside of the namespaces: a process there learns its number on the
 * machine from it.
 */
export const hostProc = (paths: ProfilePaths): string => join(paths.run, "host-proc");

/** The shell program that becomes process 1. Bash reaps the orphans that end up with it. */
export function holderScript(paths: ProfilePaths): string {
  const sysctls = join(paths.run, "sysctl");
  return [
    "set -eu",
    `mkdir -p ${hostProc(paths)} ${sysctls}`,
    `mount --bind /proc ${hostProc(paths)}`,
    "mount -t proc proc /proc",
    ...privateFolders(paths).map(({ fixed, own }) => `mount --bind ${own} ${fixed}`),
    ...Object.entries(kubeletSysctls).flatMap(([name, value]) => {
      const file = join(sysctls, name.replaceAll("/", "."));
      return [
        `if [ -e /proc/sys/${name} ]; then echo ${value} >${file}; mount --bind ${file} /proc/sys/${name}; fi`,
      ];
    }),
    `read -r stat <${hostProc(paths)}/self/stat`,
    "set -- $stat",
    `printf '%s %s\\n' "$1" "\${22}" >${recordPath(paths)}.draft`,
    `mv ${recordPath(paths)}.draft ${recordPath(paths)}`,
    "trap 'exit 0' TERM",
    "while :; do sleep 86400 & wait $! || :; done",
  ].join("\n");
}

export function parseRecord(text: string): ProcessIdentity | undefined {
  const [pid, startTime] = text.trim().split(" ");
  return pid !== undefined &&
    startTime !== undefined &&
    /^\d+$/.test(pid) &&
    /^\d+$/.test(startTime)
    ? { pid: Number(pid), startTime }
    : undefined;
}

export async function findHolder(paths: ProfilePaths): Promise<Holder | undefined> {
  const record = parseRecord(await readFile(recordPath(paths), "utf8").catch(() => ""));
  return record !== undefined && (await isAlive(record)) ? record : undefined;
}

/**
 * Starts the holder in the network namespace, which must exist. Everything that a former one left
 * in the run folder is of processes that are gone.
 */
export async function startHolder(paths: ProfilePaths, network: ProfileNetwork): Promise<Holder> {
  const created = (await readFile(createdFoldersPath(paths), "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "");
  await rm(paths.run, { recursive: true, force: true });
  await mkdir(paths.run, { recursive: true, mode: 0o711 });
  for (const { fixed, own } of privateFolders(paths)) {
    await mkdir(own, { recursive: true });
    if ((await mkdir(fixed, { recursive: true })) !== undefined && !created.includes(fixed))
      created.push(fixed);
  }
  await writeFile(createdFoldersPath(paths), created.map((path) => `${path}\n`).join(""));
  const logPath = join(paths.logs, "holder.log");
  const log = await open(logPath, "w");
  const child = spawn(
    "nsenter",
    [
      `--net=/run/netns/${network.namespace}`,
      ...["unshare", "--mount", "--propagation", "slave", "--pid", "--fork"],
      ...["bash", "-c", holderScript(paths), `mlflow-instances-${network.namespace}`],
    ],
    { detached: true, stdio: ["ignore", log.fd, log.fd], cwd: "/" },
  );
  const failed = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code) => resolve(`exit code ${code}`));
  });
  try {
    const holder = await Promise.race([waitForHolder(paths), failed]);
    if (typeof holder !== "string") return holder;
    const said = (await readFile(logPath, "utf8")).trim();
    throw new Error(
      `Can't make the namespaces of the embedded platform (this needs root and the right to mount): ${holder}: ${said} (${logPath})`,
    );
  } finally {
    child.unref();
    await log.close();
  }
}

async function waitForHolder(paths: ProfilePaths): Promise<Holder | string> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20)) {
    const holder = await findHolder(paths);
    if (holder !== undefined) return holder;
  }
  return "no answer in 10 s";
}

/**
 * Ends the holder and with it everything in its namespaces; removes the folders that were made for
 * it.
 */
export async function endHolder(paths: ProfilePaths): Promise<void> {
  const holder = await findHolder(paths);
  if (holder !== undefined) await endProcess(holder, "SIGKILL", 20_000);
  const created = (await readFile(createdFoldersPath(paths), "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "");
  for (const path of created) {
    // Only when empty: something else on the machine may use them by now.
    if (
      await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      )
    ) {
      if ((await readdir(path)).length === 0) await rm(path, { recursive: true });
    }
  }
}

/** Arguments of nsenter that lead a program into the platform. */
export const enterArguments = (holder: Holder): string[] => [
  `--target=${holder.pid}`,
  "--net",
  "--mount",
  "--pid",
];
