import type { Profile } from "../paths.ts";
import {
  networkPolicyStatus,
  platformLogs,
  platformStatus,
  resetPlatform,
  stopPlatform,
} from "../platform/index.ts";
import type { Report } from "../report.ts";

const mebibyte = 1024 * 1024;

/** Prints the services as a table; the exit code is 1 when one is not healthy. */
export async function status(profile: Profile): Promise<void> {
  const [services, networkPolicies] = await Promise.all([
    platformStatus(profile),
    networkPolicyStatus(profile),
  ]);
  const rows = services.map(({ name, running, healthy, pid, memoryBytes, detail }) => [
    name,
    running ? (healthy ? "healthy" : "NOT healthy") : "stopped",
    pid === undefined ? "-" : String(pid),
    memoryBytes === undefined ? "-" : `${Math.round(memoryBytes / mebibyte)} MiB`,
    detail,
  ]);
  const table = [["SERVICE", "STATE", "PID", "MEMORY", ""], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  console.log(
    `\nNetwork policies: ${networkPolicies.enforced ? `enforced by ${networkPolicies.by}` : `NOT enforced: ${networkPolicies.by}`}`,
  );
  if (services.some(({ running, healthy }) => !running || !healthy)) process.exitCode = 1;
}

export async function logs(
  profile: Profile,
  service: string | undefined,
  { follow, lines }: { follow: boolean; lines: string },
): Promise<void> {
  if (!/^\d+$/.test(lines)) throw new Error(`--lines ${lines}: give a whole number`);
  await platformLogs(profile, service, { follow, lines: Number(lines) });
}

export const down = (profile: Profile, report: Report): Promise<void> =>
  stopPlatform(profile, report);

export const reset = (profile: Profile, report: Report): Promise<void> =>
  resetPlatform(profile, report);
