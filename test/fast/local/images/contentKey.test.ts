import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentKey, sourceFiles } from "../../../../local/images/contentKey.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "key-"));
  await mkdir(join(folder, "src/package"), { recursive: true });
  await writeFile(join(folder, "requirements.txt"), "mlflow==1");
  await writeFile(join(folder, "src/package/app.py"), "x = 1");
});
afterEach(() => rm(folder, { recursive: true }));

const key = (...further: string[]): Promise<string> =>
  contentKey(folder, ["requirements.txt", "src"], further);

describe("the content key of an image", () => {
  it("is the same for the same files, and ignores what interpreters and editors leave", async () => {
    const before = await key();
    await mkdir(join(folder, "src/package/__pycache__"));
    await writeFile(join(folder, "src/package/__pycache__/app.cpython-311.pyc"), "");
    await writeFile(join(folder, "src/package/.app.py.swp"), "");
    await mkdir(join(folder, "src/package.egg-info"));
    await writeFile(join(folder, "src/package.egg-info/PKG-INFO"), "");
    await writeFile(join(folder, "README.md"), "not part of it");
    expect(await sourceFiles(folder, ["requirements.txt", "src"])).toEqual([
      "requirements.txt",
      "src/package/app.py",
    ]);
    expect(await key()).toBe(before);
  });

  it("changes with a file's content, its name, a new file, and any further input", async () => {
    const keys = new Set([await key(), await key("amd64"), await key("arm64")]);
    await writeFile(join(folder, "src/package/app.py"), "x = 2");
    keys.add(await key());
    await writeFile(join(folder, "src/package/new.py"), "");
    keys.add(await key());
    await rm(join(folder, "src/package/new.py"));
    await writeFile(join(folder, "src/package/renamed.py"), "");
    keys.add(await key());
    expect(keys.size).toBe(6);
  });

  it("fails when a source is missing: a key of less than everything would be a wrong cache hit", async () => {
    await expect(contentKey(folder, ["Containerfile"])).rejects.toThrow("ENOENT");
  });
});
