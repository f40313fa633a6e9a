import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exists } from "../../../../local/toolchain/folderOnce.ts";
import { withoutServices, type QuietPaths } from "../../../../local/toolchain/quietInstall.ts";

let folder: string;
let paths: QuietPaths;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quiet-"));
  paths = {
    policy: join(folder, "sbin", "policy-rc.d"),
    cluster: join(folder, "createcluster.d", "x.conf"),
  };
});
afterEach(() => rm(folder, { recursive: true }));

describe("an installation that starts nothing", () => {
  it("forbids services and PostgreSQL clusters while it runs, and leaves nothing", async () => {
    const seen = await withoutServices(async () => {
      expect((await stat(paths.policy)).mode & 0o777).toBe(0o755);
      return {
        policy: await readFile(paths.policy, "utf8"),
        cluster: await readFile(paths.cluster, "utf8"),
      };
    }, paths);
    expect(seen.policy).toMatch(/^#!\/bin\/sh\n[^]*exit 101\n$/);
    expect(seen.cluster).toContain("create_main_cluster = false");
    expect(await exists(paths.policy)).toBe(false);
    expect(await exists(paths.cluster)).toBe(false);
  });

  it("puts the machine's own policy back, after a failure too", async () => {
    await mkdir(join(folder, "sbin"));
    await writeFile(paths.policy, "#!/bin/sh\nexit 0 # mine\n");
    await expect(
      withoutServices(() => Promise.reject(new Error("apt failed")), paths),
    ).rejects.toThrow("apt failed");
    expect(await readFile(paths.policy, "utf8")).toContain("mine");
  });

  it("after kill -9 the next installation restores the machine's own policy", async () => {
    await mkdir(join(folder, "sbin"));
    await writeFile(paths.policy, "#!/bin/sh\nexit 0 # mine\n");
    // An installation that never reaches its end: what it leaves is what kill -9 leaves.
    await new Promise<void>(
      (begun) => void withoutServices(() => (begun(), new Promise(() => undefined)), paths),
    );
    expect(await readFile(paths.policy, "utf8")).not.toContain("mine");
    await withoutServices(() => Promise.resolve(), paths);
    expect(await readFile(paths.policy, "utf8")).toContain("mine");
  });
});
