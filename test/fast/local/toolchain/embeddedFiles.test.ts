import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeEmbeddedFiles } from "../../../../local/toolchain/embeddedFiles.ts";

it("makes the files in a folder of their own, and shows them to Go beside main.go", async () => {
  const folder = await mkdtemp(join(tmpdir(), "embedded-"));
  try {
    const [from, into, beside] = ["module", "made", "main"].map((name) => join(folder, name));
    await mkdir(join(from!, "cmd"), { recursive: true });
    await mkdir(beside!);
    await writeFile(join(from!, "cmd/schema.json"), `{ "name": "x", "list": [1] }`);
    const overlay = await writeEmbeddedFiles(
      { "schema-embed.json": { source: "cmd/schema.json", fields: { version: "1.2.3" } } },
      { from: from!, into: into!, beside: beside! },
    );
    const { Replace } = JSON.parse(await readFile(overlay, "utf8")) as {
      Replace: Record<string, string>;
    };
    expect(Object.keys(Replace)).toEqual([join(beside!, "schema-embed.json")]);
    const made = await readFile(Replace[join(beside!, "schema-embed.json")]!, "utf8");
    expect(JSON.parse(made)).toEqual({ name: "x", list: [1], version: "1.2.3" });
    expect(await readdir(beside!)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
