import { describe, expect, it } from "vitest";
import {
  aptProgress,
  aptTrouble,
  missingPackages,
  unknownPackages,
} from "../../../../local/toolchain/aptOutput.ts";

describe("Debian packages", () => {
  it("are missing when unknown, removed or half installed", () => {
    const output =
      "runc installed\nbuildah half-configured\ncontainerd config-files\nlibrunc installed\n";
    expect(missingPackages(["runc", "buildah", "containerd", "mmdebstrap"], output)).toEqual([
      "buildah",
      "containerd",
      "mmdebstrap",
    ]);
  });

  it.each([
    [
      "locked",
      "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 123 (apt-get)",
    ],
    ["locked", "E: Unable to lock directory /var/lib/apt/lists/"],
    [
      "interrupted",
      "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
    ],
    ["stale lists", "E: Failed to fetch pool/r/runc_1.deb  404  Not Found [IP: 192.0.2.1 80]"],
    ["no such package", "E: Unable to locate package postgresql-15"],
    ["no such package", "E: Package 'etcd-server' has no installation candidate"],
    ["other", "E: Sub-process /usr/bin/dpkg returned an error code (1)"],
  ])("a failure is understood: %s", (trouble, output) => {
    expect(aptTrouble(output)).toBe(trouble);
  });

  it("names the unknown packages", () => {
    expect(
      unknownPackages(
        "E: Unable to locate package a-1\nE: Package 'b.2' has no installation candidate\n",
      ),
    ).toEqual(["a-1", "b.2"]);
  });

  it.each([
    [
      "Get:3 http://mirror.example/debian bookworm/main amd64 runc amd64 1.1.5+ds1-1 [2,708 kB]",
      "downloads runc 1.1.5+ds1-1 (2,708 kB)",
    ],
    ["Unpacking buildah (1.28.2) ...", "unpacks buildah"],
    ["Setting up etcd-server (3.4.23) ...", "sets up etcd-server"],
    ["Selecting previously unselected package runc.", undefined],
  ])("%s", (line, progress) => {
    expect(aptProgress(line)).toBe(progress);
  });
});
