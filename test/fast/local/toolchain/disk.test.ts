import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  availableBytes,
  DiskFullError,
  ensureDiskSpace,
  formatBytes,
  saysDiskFull,
  withDiskErrors,
} from "../../../../local/toolchain/disk.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "disk-"))));
afterAll(() => rm(folder, { recursive: true }));

describe("disk space", () => {
  it("is that of the nearest folder that exists", async () => {
    const there = await availableBytes(folder);
    const below = await availableBytes(join(folder, "not", "made", "yet"));
    expect(Math.abs(there - below)).toBeLessThan(1024 ** 3);
    expect(there).toBeGreaterThan(0);
  });

  it("names the path, what is needed and what is available before the work", async () => {
    const needed = 2 ** 62;
    await expect(ensureDiskSpace([folder], 1, "building x")).resolves.toBeUndefined();
    await expect(ensureDiskSpace([folder], needed, "building x")).rejects.toThrow(
      new RegExp(
        `^Disk full: building x needs ${formatBytes(needed)} free at ${folder}, available are [\\d.]+ [GM]iB\\.`,
      ),
    );
  });

  it.each([
    ["a compiler's words", "write /tmp/x: no space left on device"],
    [
      "apt's words",
      "E: You don't have enough free space in /var/cache/apt/archives/. not enough free space",
    ],
    ["Node's code", Object.assign(new Error("write failed"), { code: "ENOSPC" })],
    ["a quota", Object.assign(new Error("write failed"), { code: "EDQUOT" })],
    ["a command's output", { message: "go build failed", all: "link: No space left on device" }],
  ])("is recognised in %s", async (_what, error) => {
    expect(saysDiskFull(error)).toBe(true);
    await expect(
      withDiskErrors(folder, 5 * 1024 ** 2, "building x", () => Promise.reject(error as Error)),
    ).rejects.toThrow(`Disk full: building x needs 5 MiB free at ${folder}`);
  });

  it("leaves every other error as it is", async () => {
    const error = new Error("undefined: foo");
    expect(saysDiskFull(error)).toBe(false);
    await expect(withDiskErrors(folder, 1, "building x", () => Promise.reject(error))).rejects.toBe(
      error,
    );
    const full = new DiskFullError("/elsewhere", "an inner step", { needed: 1, available: 0 });
    await expect(withDiskErrors(folder, 1, "building x", () => Promise.reject(full))).rejects.toBe(
      full,
    );
  });
});
