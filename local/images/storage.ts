import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { cacheFolder } from "../paths.ts";
import { boundChild } from "../toolchain/boundChild.ts";
import { lastLines } from "../toolchain/commandOutput.ts";

export const imagesCache = (...parts: string[]): string => join(cacheFolder(), "images", ...parts);

/**
 * Images are built without anyone else's container store: buildah's own files live in the cache,
 * and go with it.
 */
export interface Buildah {
  run(args: readonly string[], log?: (line: string) => void, timeoutMs?: number): Promise<string>;
}

export async function openBuildah(): Promise<Buildah> {
  const root = imagesCache("storage");
  const run = imagesCache("storage-run");
  await mkdir(root, { recursive: true });
  await mkdir(run, { recursive: true });
  // Without overlay every layer is a whole copy: slower, but it works in a container that may not
  // mount.
  const driver = /\boverlay$/m.test(await readFile("/proc/filesystems", "utf8"))
    ? "overlay"
    : "vfs";
  const configuration = imagesCache("storage.conf");
  const text = `[storage]\ndriver = "${driver}"\ngraphroot = ${JSON.stringify(root)}\nrunroot = ${JSON.stringify(run)}\n`;
  await writeFile(`${configuration}.${process.pid}`, text);
  await rename(`${configuration}.${process.pid}`, configuration);
  const env = { CONTAINERS_STORAGE_CONF: configuration, BUILDAH_ISOLATION: "chroot", TMPDIR: run };
  return {
    async run(args, log, timeoutMs) {
      // In a mount namespace of its own: whenever it ends, no mount is left on the machine.
      const child = execa(
        ...boundChild("unshare", ["--mount", "--propagation", "private", "buildah", ...args]),
        {
          env,
          reject: false,
          all: true,
          stdin: "ignore",
          ...(timeoutMs === undefined
            ? {}
            : { timeout: timeoutMs, killSignal: "SIGKILL" as const }),
        },
      );
      if (log) for await (const line of child.iterable({ from: "all" })) log(line);
      const result = await child;
      if (result.failed) {
        throw new Error(`buildah ${args[0]} failed:\n${lastLines(result)}`);
      }
      return (result.stdout ?? "").trim();
    },
  };
}
