import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import type { Report } from "../report.ts";
import { lastLines } from "../toolchain/commandOutput.ts";
import { dropFormers } from "../toolchain/dropFormers.ts";
import { ensureDiskSpace, withDiskErrors } from "../toolchain/disk.ts";
import { exists, folderOnce } from "../toolchain/folderOnce.ts";
import { MachineError } from "../toolchain/machine.ts";
import { pipProgress } from "../toolchain/pip.ts";
import { contentKey } from "./contentKey.ts";
import { imagesCache } from "./storage.ts";

/** Where the environment is in the image; its scripts and byte code name this path. */
const place = "/opt/mlflow";
const diskNeeded = 1024 ** 3;

/** Changes of these make a new environment; the rest of src/ is a layer of its own. */
export const environmentSources = [
  "requirements.txt",
  "requirements-build.txt",
  "pyproject.toml",
  "build",
  "src/mlflow_instance/imported.py",
];

/**
 * The server's Python environment as files of the image (`etc/passwd`, `opt/mlflow`), made by the
 * image's own install.sh with this machine's Python, which has to be the version of the Debian
 * root. Returns the folder in the cache.
 */
export async function pythonEnvironment(
  source: string,
  root: string,
  report: Report,
): Promise<string> {
  const target = imagesCache(
    `environment-${await contentKey(source, environmentSources, [process.arch, basename(root), "recipe 1"])}`,
  );
  if (await exists(target)) return target;
  await report.step("Install the tracking server's Python packages", async (log) => {
    await ensureDiskSpace([target], diskNeeded, "installing the tracking server's Python packages");
    await withDiskErrors(
      target,
      diskNeeded,
      "installing the tracking server's Python packages",
      () =>
        folderOnce(
          target,
          async (temporary) => {
            await install(source, root, temporary, log);
            await dropFormers(imagesCache(), "environment", 1);
          },
          { onWait: () => log("waits for another process that installs them") },
        ),
    );
  });
  return target;
}

async function install(
  source: string,
  root: string,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  const python = "/usr/bin/python3.11";
  if (!(await exists(python))) {
    throw new MachineError(
      `The tracking server's image is built with Debian 12's ${python}, which this machine hasn't. Get it: apt-get install python3 python3-venv (on Debian 12)`,
    );
  }
  const environment = join(folder, place);
  await mkdir(environment, { recursive: true });
  await mkdir(join(folder, "etc"), { recursive: true });
  for (const name of ["passwd", "group"])
    await cp(join(root, "root", "etc", name), join(folder, "etc", name));
  await execa("sh", [join(source, "build", "user.sh"), folder]);
  // The installation sees its final path, in a mount namespace of its own; what the machine has
  // there stays as it is. The folder is not removed afterwards: that would take the mount away from
  // another installation that is at work.
  await mkdir(place, { recursive: true });
  const script = 'mount --bind "$1" "$2" && exec sh "$3/build/install.sh" "$2"';
  const child = execa(
    "unshare",
    [
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      script,
      "install",
      environment,
      place,
      source,
    ],
    {
      env: { PYTHON: python, PYTHONDONTWRITEBYTECODE: "1" },
      all: true,
      reject: false,
      stdin: "ignore",
    },
  );
  const started = Date.now();
  const tick = setInterval(
    () => log(`downloads and installs, ${Math.round((Date.now() - started) / 1000)} s so far`),
    1000,
  );
  try {
    for await (const line of child.iterable({ from: "all" })) log(pipProgress(line) ?? line);
  } finally {
    clearInterval(tick);
  }
  const result = await child;
  if (result.failed) throw new Error(`install.sh failed:\n${lastLines(result)}`);
  const commands =
    (await readFile(join(source, "pyproject.toml"), "utf8")).match(
      /^mlflow-instance-[a-z-]+(?= = )/gm,
    ) ?? [];
  if (commands.length === 0) throw new Error("pyproject.toml names no command");
  for (const command of commands) {
    if (!(await exists(join(environment, "bin", command))))
      throw new Error(`install.sh ended well, but ${place}/bin/${command} is not there`);
  }
  const library = join(environment, "lib");
  for (const version of await readdir(library))
    await rm(join(library, version, "site-packages", "mlflow_instance"), {
      recursive: true,
      force: true,
    });
}
