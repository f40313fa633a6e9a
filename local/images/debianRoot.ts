import { readdir, readFile, rm, writeFile, mkdir, chmod } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { Report } from "../report.ts";
import { boundChild } from "../toolchain/boundChild.ts";
import { lastLines } from "../toolchain/commandOutput.ts";
import { ensureDiskSpace, withDiskErrors } from "../toolchain/disk.ts";
import { exists, folderOnce } from "../toolchain/folderOnce.ts";
import { contentKey } from "./contentKey.ts";
import { imagesCache } from "./storage.ts";

const suite = "bookworm";
/**
 * What a Python server needs of an operating system; apt adds what these depend on. libstdc++ is
 * for numpy.
 */
const packages = [
  "base-files",
  "netbase",
  "media-types",
  "tzdata",
  "ca-certificates",
  "libstdc++6",
  "python3",
];

/**
 * Never read by a server: package management, other programs, documentation, conversions and tests
 * of the standard library.
 */
const superfluous = [
  ...[
    "bin/tar",
    "usr/bin/dpkg*",
    "usr/bin/debconf*",
    "usr/bin/update-alternatives",
    "usr/bin/openssl",
    "usr/bin/c_rehash",
    "usr/bin/mawk",
  ],
  ...[
    "usr/bin/pdb3*",
    "usr/bin/pydoc3*",
    "usr/bin/pygettext3*",
    "usr/bin/py3*",
    "usr/sbin/*",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/aarch64-linux-gnu/gconv",
  ],
  ...[
    "usr/lib/dpkg",
    "usr/lib/mime",
    "usr/share/perl5",
    "usr/share/debconf",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/lintian",
    "usr/share/pixmaps",
  ],
  ...[
    "usr/share/applications",
    "usr/share/python3",
    "usr/share/python",
    "usr/share/polkit-1",
    "usr/share/bash-completion",
    "usr/share/zoneinfo/right",
    "usr/share/zoneinfo/posix",
  ],
  ...[
    "usr/lib/python3.11/test",
    "usr/lib/python3.11/pydoc_data",
    "usr/lib/python3.11/lib2to3",
    "usr/lib/python3.11/idlelib",
  ],
  ...[
    "etc/apt",
    "etc/dpkg",
    "etc/cron.daily",
    "etc/logrotate.d",
    "etc/alternatives",
    "etc/skel",
    "etc/update-motd.d",
    "etc/debconf.conf",
    "etc/resolv.conf",
    "etc/hostname",
  ],
  ...[
    "var/lib/apt",
    "var/cache",
    "var/log",
    "usr/share/ca-certificates",
    "boot",
    "home",
    "media",
    "mnt",
    "srv",
  ],
];

const diskNeeded = 500 * 1024 ** 2;

/**
 * A Debian root with Python and nothing else: no shell, no package manager. Returns its folder in
 * the cache.
 */
export async function debianRoot(report: Report): Promise<string> {
  const key = await contentKey(
    "/",
    [],
    [suite, process.arch, ...packages, ...superfluous, "recipe 1"],
  );
  const target = imagesCache(`debian-${suite}-${key}`);
  if (await exists(target)) return target;
  await report.step(`Make a Debian root for the image (${suite})`, async (log) => {
    await ensureDiskSpace([target], diskNeeded, "making the image's Debian root");
    await withDiskErrors(target, diskNeeded, "making the image's Debian root", () =>
      folderOnce(target, (temporary) => makeRoot(join(temporary, "root"), log), {
        onWait: () => log("waits for another process that makes it"),
      }),
    );
  });
  return target;
}

async function makeRoot(root: string, log: (line: string) => void): Promise<void> {
  // What is unpacked here was never configured by dpkg, so that its database stays empty: scanners
  // read these records instead.
  const records =
    'mkdir -p "$1/var/lib/dpkg/status.d"; for deb in "$1"/var/cache/apt/archives/*.deb; do dpkg-deb -f "$deb" > "$1/var/lib/dpkg/status.d/$(dpkg-deb -f "$deb" Package)"; done';
  const options = [
    "--variant=extract",
    `--include=${packages.join(",")}`,
    `--extract-hook=${records}`,
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
  ];
  const child = execa(...boundChild("mmdebstrap", [...options, suite, root]), {
    all: true,
    reject: false,
    stdin: "ignore",
  });
  for await (const line of child.iterable({ from: "all" })) {
    if (line.startsWith("I: ")) log(line.slice(3));
  }
  const result = await child;
  if (result.failed) throw new Error(`mmdebstrap failed:\n${lastLines(result)}`);
  await writeCertificates(root);
  await prune(root);
  log("compiles Python's standard library");
  // The root file system is read-only in a pod: what isn't compiled now is compiled anew at every
  // start.
  await execa("chroot", [
    root,
    "/usr/bin/python3",
    "-m",
    "compileall",
    "-q",
    "--invalidation-mode",
    "unchecked-hash",
    "/usr/lib/python3.11",
  ]);
  await writeFile(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  );
  await writeFile(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  await writeFile(
    join(root, "etc/nsswitch.conf"),
    "passwd: files\ngroup: files\nhosts: files dns\n",
  );
  await mkdir(join(root, "tmp"), { recursive: true });
  await chmod(join(root, "tmp"), 0o1777);
}

/**
 * Debian's ca-certificates writes the bundle when it is configured, which needs a shell; the bundle
 * is only these files in a row.
 */
async function writeCertificates(root: string): Promise<void> {
  const folder = join(root, "usr/share/ca-certificates/mozilla");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".crt")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  await mkdir(join(root, "etc/ssl/certs"), { recursive: true });
  await writeFile(
    join(root, "etc/ssl/certs/ca-certificates.crt"),
    texts.map((text) => `${text.trim()}\n`).join(""),
  );
}

async function prune(root: string): Promise<void> {
  for (const path of superfluous) {
    const star = path.indexOf("*");
    if (star < 0) {
      await rm(join(root, path), { recursive: true, force: true });
      continue;
    }
    const folder = path.slice(0, path.lastIndexOf("/"));
    const prefix = path.slice(folder.length + 1, star);
    for (const name of await readdir(join(root, folder)).catch(() => [])) {
      if (name.startsWith(prefix))
        await rm(join(root, folder, name), { recursive: true, force: true });
    }
  }
}
