import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Report } from "../report.ts";
import { debianRoot } from "./debianRoot.ts";
import { imagesCache, type Buildah } from "./storage.ts";

/** The Containerfile's own default. */
const publicBase = "python:3.11-slim-bookworm";
const patienceMs = 5 * 60_000;
const beginMs = 15_000;
const rememberMs = 24 * 3600_000;

export interface Base {
  /** A reference in buildah's store. */
  reference: string;
  /**
   * Set where the base is our Debian root; then the stage `environment` has to come from a folder.
   */
  root?: string;
}

/** The public Python image where it can be pulled, else a Debian root made from packages. */
export async function ensureBase(buildah: Buildah, report: Report): Promise<Base> {
  if (await pulled(buildah, report)) return { reference: publicBase };
  const root = await debianRoot(report);
  const reference = `localhost/mlflow-instances/base:${basename(root)}`;
  if (!(await inStore(buildah, reference))) {
    await report.step("Put the Debian root into the image store", async () => {
      const container = await buildah.run(["from", "scratch"]);
      try {
        await buildah.run(["add", "--quiet", container, `${root}/root`, "/"]);
        await buildah.run(["commit", "--quiet", container, reference]);
      } finally {
        await buildah.run(["rm", container]).catch(() => undefined);
      }
    });
  }
  return { reference, root };
}

export const inStore = (buildah: Buildah, reference: string): Promise<boolean> =>
  buildah.run(["inspect", "--type", "image", "--format", "{{.FromImageID}}", reference]).then(
    () => true,
    () => false,
  );

async function pulled(buildah: Buildah, report: Report): Promise<boolean> {
  if (await inStore(buildah, publicBase)) return true;
  const memo = imagesCache("unreachable-base");
  const age = Date.now() - Date.parse((await readFile(memo, "utf8").catch(() => "")).trim());
  if (age >= 0 && age < rememberMs) return false;
  return report.step(`Look for the public base image ${publicBase}`, async (log) => {
    try {
      // Two steps with their own patience: a blocked network shows itself at the first byte, a slow
      // one may take its time.
      await buildah.run(["manifest", "inspect", publicBase], undefined, beginMs);
      await buildah.run(["pull", publicBase], log, patienceMs);
      return true;
    } catch (error) {
      const reason =
        String((error as Error).message)
          .split("\n")
          .at(-1) ?? "";
      report.info(
        `The public base image can't be pulled here (${reason.replace(/^.*(: dial|: lookup)/, "$1").replace(/^: /, "")}); a Debian root takes its place.`,
      );
      await mkdir(dirname(memo), { recursive: true });
      await writeFile(`${memo}.new`, `${new Date().toISOString()}\n`);
      await rename(`${memo}.new`, memo);
      return false;
    }
  });
}
