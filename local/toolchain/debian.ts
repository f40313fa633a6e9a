import { readdir, stat } from "node:fs/promises";
import { execa } from "execa";
import type { Report } from "../report.ts";
import { aptProgress, aptTrouble, missingPackages, unitsOf, unknownPackages } from "./aptOutput.ts";
import { lastLines } from "./commandOutput.ts";
import { ensureDiskSpace, withDiskErrors } from "./disk.ts";
import { exists } from "./folderOnce.ts";
import { MachineError } from "./machine.ts";
import { withoutServices } from "./quietInstall.ts";

/** Debian packages of the embedded platform and of the image build. */
export const platformPackages: readonly string[] = [
  "etcd-server",
  "containerd",
  "runc",
  "containernetworking-plugins",
  "postgresql-15",
  "iproute2",
  "nftables",
  "iptables",
  "util-linux",
  "mount",
  "procps",
  "ca-certificates",
  "python3",
  "python3-venv",
  "buildah",
  "mmdebstrap",
];

const diskNeeded = 1024 ** 3;
const patienceMs = 10 * 60_000;
const dayMs = 24 * 3600_000;
const environment = {
  DEBIAN_FRONTEND: "noninteractive",
  RUNLEVEL: "1",
  LC_ALL: "C.UTF-8",
  NEEDRESTART_SUSPEND: "1",
};

/**
 * Installs the packages that are missing, and only those: what is there is never upgraded, no
 * service is started or enabled.
 */
export async function ensureDebianPackages(
  names: readonly string[],
  report: Report,
): Promise<void> {
  const missing = await findMissing(names);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new MachineError(
      `Root is needed once to install packages: run the same command as root, or install them: apt-get install ${missing.join(" ")}`,
    );
  }
  await report.step(`Install ${missing.length} Debian packages`, (log) =>
    withDiskErrors("/var", diskNeeded, "installing Debian packages", async () => {
      await ensureDiskSpace(["/var/cache/apt", "/usr"], diskNeeded, "installing Debian packages");
      const state = await unitStates(missing);
      await withoutServices(() => install(missing, log));
      await keepDisabled(state);
      const still = await findMissing(missing);
      if (still.length > 0)
        throw new MachineError(
          `apt-get ended without an error, but these packages are not installed: ${still.join(" ")}`,
        );
    }),
  );
}

async function findMissing(names: readonly string[]): Promise<string[]> {
  const query = await execa(
    "dpkg-query",
    ["-W", "-f=${Package} ${db:Status-Status}\\n", ...names],
    { reject: false, env: environment },
  );
  if (query.code === "ENOENT" || !(await exists("/usr/bin/apt-get"))) {
    throw new MachineError(
      `This is not a Debian (no dpkg-query or apt-get). The embedded platform needs these packages' programs; install their equivalents on a Debian 12 machine or ` +
        `container, or name a cluster that exists (npm run local -- --context <kubeconfig context>): ${names.join(" ")}`,
    );
  }
  return missingPackages(names, query.stdout);
}

async function install(names: readonly string[], log: (line: string) => void): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let repaired = false;
  let updated = false;
  if (await listsAreOld()) {
    updated = true;
    await update(deadline, log);
  }
  for (;;) {
    const result = await apt(["install", "-y", "--no-install-recommends", ...names], log);
    if (!result.failed) return;
    const trouble = aptTrouble(result.output);
    if (trouble === "locked" && Date.now() < deadline) {
      log("waits for another apt or dpkg to end");
      await new Promise((resolve) => setTimeout(resolve, 2000));
    } else if (trouble === "interrupted" && !repaired) {
      repaired = true;
      log("finishes an interrupted installation (dpkg --configure -a)");
      await execa("dpkg", ["--configure", "-a", "--force-confold"], {
        env: environment,
        reject: false,
        stdin: "ignore",
      });
      await apt(["install", "-y", "--no-install-recommends", "--fix-broken"], log);
    } else if ((trouble === "stale lists" || trouble === "no such package") && !updated) {
      updated = true;
      await update(deadline, log);
    } else if (trouble === "no such package") {
      const unknown = unknownPackages(result.output);
      throw new MachineError(
        `This distribution has no package ${unknown.join(", ") || "of that name"}. The embedded platform is made for Debian 12 (bookworm); on another one install the ` +
          `equivalent, or name a cluster that exists (npm run local -- --context <kubeconfig context>).`,
      );
    } else {
      throw new Error(
        `apt-get install failed:\n${result.output.split("\n").slice(-15).join("\n")}`,
      );
    }
  }
}

async function update(deadline: number, log: (line: string) => void): Promise<void> {
  for (;;) {
    const result = await apt(["update"], log);
    if (!result.failed) return;
    if (aptTrouble(result.output) !== "locked" || Date.now() > deadline) {
      throw new Error(`apt-get update failed:\n${result.output.split("\n").slice(-15).join("\n")}`);
    }
    log("waits for another apt to end");
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function apt(
  args: string[],
  log: (line: string) => void,
): Promise<{ failed: boolean; output: string }> {
  const options = [
    "-q",
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "APT::Color=0",
  ];
  const child = execa("apt-get", [...options, ...args], {
    env: environment,
    all: true,
    reject: false,
    stdin: "ignore",
  });
  for await (const line of child.iterable({ from: "all" })) {
    const progress = aptProgress(line);
    if (progress !== undefined) log(progress);
  }
  const result = await child;
  return { failed: result.failed, output: lastLines(result, 200) };
}

/** Lists older than a day name versions that the mirrors may have dropped. */
async function listsAreOld(): Promise<boolean> {
  const folder = "/var/lib/apt/lists";
  const names = (await readdir(folder).catch(() => [])).filter((name) =>
    /InRelease$|Release$/.test(name),
  );
  const ages = await Promise.all(
    names.map(async (name) => Date.now() - (await stat(`${folder}/${name}`)).mtimeMs),
  );
  const fetched = await stat("/var/cache/apt/pkgcache.bin").then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Infinity,
  );
  return names.length === 0 || Math.min(fetched, ...ages) > dayMs;
}

/** Which services would start at the next boot. Without systemd there is nothing to keep. */
async function unitStates(packages: readonly string[]): Promise<Map<string, boolean>> {
  const states = new Map<string, boolean>();
  if (!(await exists("/usr/bin/systemctl"))) return states;
  for (const name of packages) {
    const unit = unitsOf[name];
    if (unit !== undefined)
      states.set(
        unit,
        (await execa("systemctl", ["is-enabled", "--quiet", unit], { reject: false })).exitCode ===
          0,
      );
  }
  return states;
}

async function keepDisabled(before: Map<string, boolean>): Promise<void> {
  const disable = [...before].filter(([, enabled]) => !enabled).map(([unit]) => unit);
  if (disable.length > 0)
    await execa("systemctl", ["disable", "--quiet", ...disable], { reject: false });
}
