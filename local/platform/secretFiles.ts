import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export const readSecret = async (path: string): Promise<string> =>
  (await readFile(path, "utf8")).trim();

/** A random secret that is made once and kept in a file that only root reads. */
export async function ensureSecret(path: string, bytes = 32): Promise<string> {
  const present = await readSecret(path).catch(() => "");
  if (present !== "") return present;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const secret = randomBytes(bytes).toString("hex");
  await writeSecret(path, secret);
  return secret;
}

/** Whole or not at all, and never readable by others, not even for a moment. */
export async function writeSecret(path: string, secret: string): Promise<void> {
  const draft = `${path}.draft`;
  await rm(draft, { force: true });
  await writeFile(draft, `${secret}\n`, { mode: 0o600, flag: "wx" });
  await rename(draft, path);
}
