/**
 * Packages of `names` that are not fully installed, from the lines of `dpkg-query -W -f='${Package}
 * ${db:Status-Status}\n'`.
 */
export function missingPackages(names: readonly string[], dpkgOutput: string): string[] {
  const installed = new Set(
    dpkgOutput
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, status]) => status === "installed")
      .map(([name]) => name),
  );
  return names.filter((name) => !installed.has(name));
}

export type AptTrouble = "locked" | "interrupted" | "stale lists" | "no such package" | "other";

/** What to do about a failed apt-get, from what it said. */
export function aptTrouble(output: string): AptTrouble {
  if (/dpkg was interrupted|dpkg --configure -a/.test(output)) return "interrupted";
  if (
    /Could not get lock|Unable to (acquire|lock)|is another process using it|frontend lock/i.test(
      output,
    )
  )
    return "locked";
  if (/404 +Not Found|Unable to fetch some archives|Hash Sum mismatch/.test(output))
    return "stale lists";
  if (
    /Unable to locate package|has no installation candidate|Couldn't find any package/.test(output)
  )
    return "no such package";
  return "other";
}

/** The names that apt-get does not know. */
export function unknownPackages(output: string): string[] {
  return [
    ...output.matchAll(
      /Unable to locate package (\S+)|Package '?([\w.+-]+)'? has no installation candidate/g,
    ),
  ].flatMap(([, missing, withoutCandidate]) => missing ?? withoutCandidate ?? []);
}

/** One line of apt-get or dpkg as progress; undefined for those that say nothing to a person. */
export function aptProgress(line: string): string | undefined {
  const got = /^Get:\d+ \S+ \S+ \S+ (\S+) \S+ (\S+) \[(.+)\]/.exec(line);
  if (got) return `downloads ${got[1]} ${got[2]} (${got[3]})`;
  const dpkg = /^(Unpacking|Setting up) ([\w.+-]+)/.exec(line);
  if (dpkg) return `${dpkg[1] === "Unpacking" ? "unpacks" : "sets up"} ${dpkg[2]}`;
  if (/^(Reading package lists|Building dependency tree|Fetched )/.test(line))
    return line.replace(/\.\.\.$/, "");
  return undefined;
}

/**
 * systemd units that the packages enable for the next boot; the platform starts the programs
 * itself, in a network namespace of its own.
 */
export const unitsOf: Readonly<Record<string, string>> = {
  "etcd-server": "etcd.service",
  containerd: "containerd.service",
  "postgresql-15": "postgresql.service",
};
