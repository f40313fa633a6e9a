import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Name of the file that holds these certificates. */
export const caFileName = (pem: string): string =>
  `${createHash("sha256").update(pem).digest("hex").slice(0, 16)}.pem`;

/**
 * The providers for PostgreSQL and S3 take certificates only as a file. It lies in the user's cache
 * and not in the clone, under the hash of its contents: the path in the state stays the same from
 * clone to clone, and `destroy` finds it without running the program.
 */
export function writeCaFile(pem: string): string {
  const folder = join(
    process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"),
    "mlflow-instances",
    "ca",
  );
  const file = join(folder, caFileName(pem));
  writeCaFileAt(file, pem);
  return file;
}

/** A provider's argument for these certificates; nothing where there are none of one's own. */
export const caFileOf = <Key extends string>(
  argument: Key,
  pem: string | undefined,
): { [K in Key]?: string } =>
  (pem === undefined ? {} : { [argument]: writeCaFile(pem) }) as { [K in Key]?: string };

/** The same at the very path that a state names, which another machine's user may have made. */
export function writeCaFileAt(file: string, pem: string): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  // Renamed into place, since another program may read it at this moment.
  writeFileSync(`${file}.${process.pid}`, pem);
  renameSync(`${file}.${process.pid}`, file);
}
