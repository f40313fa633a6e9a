import { chmod, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { withLock } from "./lock.ts";
import { hostsLock, type Profile } from "./paths.ts";

export interface HostEntry {
  readonly address: string;
  readonly name: string;
}

const begin = (profile: Profile): string => `# BEGIN mlflow-instances ${profile}`;
const end = (profile: Profile): string => `# END mlflow-instances ${profile}`;

/**
 * The text of a hosts file with the profile's block replaced, added, or (without entries) removed;
 * all other lines stay as they are.
 */
export function withHosts(text: string, profile: Profile, entries: readonly HostEntry[]): string {
  const kept: string[] = [];
  let inside = false;
  for (const line of text.split("\n")) {
    if (line.trim() === begin(profile)) inside = true;
    else if (inside && line.trim() === end(profile)) inside = false;
    // A block whose end was lost must not swallow what someone wrote below it.
    else if (!inside || !isOurs(line)) {
      inside = false;
      kept.push(line);
    }
  }
  while (kept.length > 0 && kept.at(-1) === "") kept.pop();
  if (entries.length > 0) {
    kept.push(
      begin(profile),
      ...entries.map(({ address, name }) => `${address} ${name}`),
      end(profile),
    );
  }
  return kept.length === 0 ? "" : `${kept.join("\n")}\n`;
}

/**
 * Lines that this program writes between the marks: one address of the platform's range and one
 * name.
 */
const isOurs = (line: string): boolean => /^10\.213\.\d+\.\d+ \S+$/.test(line.trim());

/** Makes the names known on this machine: exactly these, in a marked block of the profile. */
export async function updateHosts(
  profile: Profile,
  entries: readonly HostEntry[],
  path = "/etc/hosts",
  lock = hostsLock,
): Promise<void> {
  // Another profile's command may be writing its own block.
  await withLock(
    lock,
    `names of the platform ${profile}`,
    () => replaceBlock(profile, entries, path),
    () => undefined,
  );
}

async function replaceBlock(
  profile: Profile,
  entries: readonly HostEntry[],
  path: string,
): Promise<void> {
  const before = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const after = withHosts(before, profile, entries);
  if (after === before) return;
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => 0o644,
  );
  const draft = `${path}.mlflow-instances-${process.pid}`;
  try {
    await writeFile(draft, after, { mode });
    await chmod(draft, mode);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    // Where the file is itself a mount (a container's /etc/hosts), it can't be replaced, only
    // written.
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    await writeFile(path, after);
  }
}

export const removeHosts = (profile: Profile, path?: string, lock?: string): Promise<void> =>
  updateHosts(profile, [], path, lock);
