import { basename, join } from "node:path";
import { sandboxImage } from "../platform/images.ts";
import type { Report } from "../report.ts";
import { exists, folderOnce } from "../toolchain/folderOnce.ts";
import { ensureGoTool } from "../toolchain/goTool.ts";
import { imagesCache, openBuildah } from "./storage.ts";
import type { BuiltImage } from "./trackingServer.ts";

/**
 * The image of the process that holds a pod's namespaces; Kubernetes' own can't be pulled
 * everywhere.
 */
export async function buildPauseImage(report: Report): Promise<BuiltImage> {
  const tool = await ensureGoTool("pause", report);
  const reference = sandboxImage;
  const folder = imagesCache(basename(tool));
  const archivePath = join(folder, "image.tar");
  if (await exists(folder)) return { reference, archivePath };
  await report.step(`Build the image ${reference}`, async (log) => {
    const buildah = await openBuildah();
    await folderOnce(
      folder,
      async (temporary) => {
        const container = await buildah.run(["from", "scratch"]);
        try {
          await buildah.run(["copy", "--quiet", container, join(tool, "pause"), "/pause"]);
          await buildah.run([
            "config",
            "--entrypoint",
            '["/pause"]',
            "--user",
            "65535:65535",
            container,
          ]);
          await buildah.run(["commit", "--quiet", "--format", "oci", container, reference]);
        } finally {
          await buildah.run(["rm", container]).catch(() => undefined);
        }
        await buildah.run([
          "push",
          "--quiet",
          "--format",
          "oci",
          reference,
          `oci-archive:${join(temporary, "image.tar")}:${reference}`,
        ]);
      },
      {
        lock: imagesCache("build.lock"),
        onWait: () => log("waits for another image build on this machine"),
      },
    );
  });
  return { reference, archivePath };
}
