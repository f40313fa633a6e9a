import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderOnce } from "../../../../local/toolchain/folderOnce.ts";

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "once-"));
  target = join(folder, "tool-1");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a cached folder", () => {
  it("is made once, however many ask for it at the same time", async () => {
    let made = 0;
    const make = async (temporary: string): Promise<void> => {
      made += 1;
      await writeFile(join(temporary, "file"), `${made}`);
    };
    await Promise.all([
      folderOnce(target, make),
      folderOnce(target, make),
      folderOnce(target, make),
    ]);
    await folderOnce(target, make);
    expect(made).toBe(1);
    expect(await readFile(join(target, "file"), "utf8")).toBe("1");
  });

  it("is not there after a failure, and can be made then", async () => {
    const broken = async (temporary: string): Promise<void> => {
      await writeFile(join(temporary, "half"), "");
      throw new Error("link failed");
    };
    await expect(folderOnce(target, broken)).rejects.toThrow("link failed");
    expect((await readdir(folder)).filter((name) => !name.endsWith(".lock"))).toEqual([]);
    await folderOnce(target, (temporary) => writeFile(join(temporary, "whole"), ""));
    expect(await readdir(target)).toEqual(["whole"]);
  });

  it("sweeps away what an earlier end left, and nothing of its neighbours", async () => {
    await mkdir(join(folder, "tool-1.partial-4711"));
    await mkdir(join(folder, "tool-12.partial-4711"));
    await folderOnce(target, () => Promise.resolve());
    expect((await readdir(folder)).filter((name) => !name.endsWith(".lock")).sort()).toEqual([
      "tool-1",
      "tool-12.partial-4711",
    ]);
  });

  it("can be made at once after its maker was killed with SIGKILL", async () => {
    const module = join(import.meta.dirname, "../../../../local/toolchain/folderOnce.ts");
    const program = `
      import { writeFile } from "node:fs/promises";
      import { folderOnce } from ${JSON.stringify(module)};
      await folderOnce(${JSON.stringify(target)}, async (temporary) => {
        await writeFile(temporary + "/half", "");
        console.log("half");
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    const maker = spawn(
      process.execPath,
      ["--input-type=module", "--disable-warning=ExperimentalWarning", "-e", program],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await once(maker.stdout, "data");
    let waited = false;
    const second = folderOnce(target, (temporary) => writeFile(join(temporary, "whole"), ""), {
      onWait: () => void (waited = true),
    });
    await new Promise((resolve) => setTimeout(resolve, 1300));
    maker.kill("SIGKILL");
    await second;
    expect(waited).toBe(true);
    expect(await readdir(target)).toEqual(["whole"]);
  });
});
