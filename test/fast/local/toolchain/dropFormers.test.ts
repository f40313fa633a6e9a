import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dropFormers } from "../../../../local/toolchain/dropFormers.ts";

test("the newest of a family stay, and everything of another name", async () => {
  const parent = await mkdtemp(join(tmpdir(), "formers-"));
  try {
    for (const [age, name] of [
      "image-c",
      "image-b",
      "image-a",
      "image-d.partial-1",
      "environment-z",
    ].entries()) {
      await mkdir(join(parent, name));
      await utimes(join(parent, name), 1_000_000 - age, 1_000_000 - age);
    }
    for (const name of ["image-a", "image-c"]) await writeFile(join(parent, `${name}.lock`), "");
    expect(await dropFormers(parent, "image", 2)).toEqual(["image-a"]);
    expect((await readdir(parent)).sort()).toEqual([
      "environment-z",
      "image-b",
      "image-c",
      "image-c.lock",
      "image-d.partial-1",
    ]);
    expect(await dropFormers(parent, "image", 2)).toEqual([]);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
});
