import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { launcher, standInNames, type PulumiTools } from "../../../../local/toolchain/pulumi.ts";
import { downloadFailure } from "../../../../local/toolchain/pulumiDownload.ts";

it("a plugin's launcher hands over every argument, whatever the clone's folder is called", async () => {
  const folder = await mkdtemp(join(tmpdir(), "it's a $clone "));
  try {
    const program = join(folder, "program");
    await writeFile(program, `#!/bin/sh\nprintf '%s|' "$STAND_IN_VERSION" "$@"\n`);
    await writeFile(join(folder, "launcher"), launcher(program, { STAND_IN_VERSION: "7.12.0" }));
    await chmod(program, 0o755);
    await chmod(join(folder, "launcher"), 0o755);
    const { stdout } = await promisify(execFile)(join(folder, "launcher"), [
      "127.0.0.1:1",
      "two words",
      "$HOME",
    ]);
    expect(stdout).toBe("7.12.0|127.0.0.1:1|two words|$HOME|");
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("names exactly the parts that are stand-ins", () => {
  const plugins = {
    kubernetes: "built",
    aws: "stand-in",
    objectStore: "stand-in",
    postgresql: "official",
    random: "stand-in",
  } as const;
  const tools = { plugins, languageHost: "official" } as unknown as PulumiTools;
  expect(standInNames(tools)).toEqual(["pulumi-resource-aws", "pulumi-resource-random"]);
  expect(standInNames({ ...tools, languageHost: "stand-in" })).toContain("pulumi-language-nodejs");
});

it("finds the reason in the CLI's line about a failed download, and only there", () => {
  const line =
    'warning: Error downloading plugin: Get "https://plugins.example/x.tar.gz": dial tcp: lookup plugins.example: no such host';
  expect(downloadFailure(line)).toBe("dial tcp: lookup plugins.example: no such host");
  expect(downloadFailure("Will retry in 80ms [1/5]")).toBeUndefined();
});
