import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Report } from "../report.ts";
import { dropFormers } from "../toolchain/dropFormers.ts";
import { ensureDiskSpace, withDiskErrors } from "../toolchain/disk.ts";
import { exists, folderOnce } from "../toolchain/folderOnce.ts";
import { versions } from "../toolchain/pins.ts";
import { ensureBase } from "./base.ts";
import { contentKey } from "./contentKey.ts";
import { pythonEnvironment } from "./pythonEnvironment.ts";
import { imagesCache, openBuildah } from "./storage.ts";

/** An image as a file that a container engine can load. */
export interface BuiltImage {
  reference: string;
  /** An OCI archive that holds the image under that reference. */
  archivePath: string;
}

const source = join(
  dirname(dirname(dirname(fileURLToPath(import.meta.url)))),
  "images",
  "tracking-server",
);
const sources = [
  "Containerfile",
  "requirements.txt",
  "requirements-build.txt",
  "pyproject.toml",
  "build",
  "src",
];
const diskNeeded = 1.5 * 1024 ** 3;

/** Builds the tracking server's image unless the cache has one of the same content. */
export async function buildTrackingServerImage(report: Report): Promise<BuiltImage> {
  const buildah = await openBuildah();
  const base = await ensureBase(buildah, report);
  const tag = `${versions.mlflow}-${await contentKey(source, sources, [base.reference, process.arch, "recipe 1"])}`;
  const reference = `localhost/mlflow-instances/tracking-server:${tag}`;
  const folder = imagesCache(`tracking-server-${tag}`);
  const archivePath = join(folder, "image.tar");
  if (await exists(folder)) return { reference, archivePath };

  const environment =
    base.root === undefined ? undefined : await pythonEnvironment(source, base.root, report);
  await report.step(`Build the image ${reference}`, async (log) => {
    const purpose = "building the tracking server's image";
    await ensureDiskSpace([folder], diskNeeded, purpose);
    await withDiskErrors(folder, diskNeeded, purpose, () =>
      folderOnce(
        folder,
        async (temporary) => {
          const context =
            environment === undefined ? [] : ["--build-context", `environment=${environment}`];
          const options = [
            "--layers",
            "--pull-never",
            "--format",
            "oci",
            "--build-arg",
            `BASE=${base.reference}`,
            ...context,
            "--tag",
            reference,
          ];
          await buildah.run(["build", ...options, source], log);
          log("writes the archive");
          await buildah.run([
            "push",
            "--quiet",
            "--format",
            "oci",
            reference,
            `oci-archive:${join(temporary, "image.tar")}:${reference}`,
          ]);
          const formers = await dropFormers(imagesCache(), "tracking-server", 2);
          if (formers.length > 0) log("deletes former images");
          // One by one: what buildah has already forgotten is no reason to keep the next.
          for (const former of formers)
            await buildah
              .run([
                "rmi",
                "--force",
                `localhost/mlflow-instances/${former.replace("server-", "server:")}`,
              ])
              .catch(() => undefined);
        },
        {
          lock: imagesCache("build.lock"),
          onWait: () => log("waits for another image build on this machine"),
        },
      ),
    );
  });
  return { reference, archivePath };
}
