import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { removeHosts, updateHosts, withHosts } from "../../../../local/hosts.ts";

const entries = [
  { address: "10.213.0.2", name: "one.mlflow.test" },
  { address: "10.213.0.2", name: "two.mlflow.test" },
];
const block =
  "# BEGIN mlflow-instances local\n10.213.0.2 one.mlflow.test\n10.213.0.2 two.mlflow.test\n# END mlflow-instances local\n";

test("a block is added, replaced and removed; the rest stays", () => {
  const before = "127.0.0.1 localhost\n# mine\n";
  const added = withHosts(before, "local", entries);
  expect(added).toBe(before + block);
  expect(withHosts(added, "local", entries.slice(1))).toBe(
    `${before}${block.replace("10.213.0.2 one.mlflow.test\n", "")}`,
  );
  expect(withHosts(added, "local", [])).toBe(before);
});

test("the blocks of two profiles don't touch each other", () => {
  const both = withHosts(withHosts("a b\n", "local", entries), "test", [
    { address: "10.213.1.2", name: "x.engine.mlflow.test" },
  ]);
  expect(withHosts(both, "test", [])).toBe(`a b\n${block}`);
});

test("a block without its end does not swallow what stands below it", () => {
  const broken = "# BEGIN mlflow-instances local\n10.213.0.2 one.mlflow.test\n192.0.2.7 precious\n";
  expect(withHosts(broken, "local", [])).toBe("192.0.2.7 precious\n");
});

test("any other file comes back as it was after adding and removing", () => {
  const line = fc.stringMatching(/^[a-z0-9.# \t]{0,30}$/);
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const before =
        lines.length === 0 ? "" : `${lines.join("\n").replace(/\n+$/, "")}\n`.replace(/^\n$/, "");
      expect(withHosts(withHosts(before, "local", entries), "local", [])).toBe(before);
      expect(withHosts(withHosts(before, "local", entries), "local", entries)).toBe(
        withHosts(before, "local", entries),
      );
    }),
  );
});

test("the file keeps its mode and no draft is left behind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hosts-"));
  try {
    const path = join(folder, "hosts");
    await writeFile(path, "127.0.0.1 localhost\n");
    await chmod(path, 0o640);
    await updateHosts("local", entries, path, `${folder}.lock`);
    expect(await readFile(path, "utf8")).toBe(`127.0.0.1 localhost\n${block}`);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await removeHosts("local", path, `${folder}.lock`);
    expect(await readFile(path, "utf8")).toBe("127.0.0.1 localhost\n");
    expect(await readdir(folder)).toEqual(["hosts"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("two profiles whose commands write at the same moment both have their names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hosts-"));
  try {
    const path = join(folder, "hosts");
    const other = [{ address: "10.213.1.2", name: "one.engine.mlflow.test" }];
    await Promise.all([
      updateHosts("local", entries, path, `${folder}.lock`),
      updateHosts("test", other, path, `${folder}.lock`),
      updateHosts("beside", other, path, `${folder}.lock`),
    ]);
    const text = await readFile(path, "utf8");
    for (const profile of ["local", "test", "beside"])
      expect(text).toContain(`# BEGIN mlflow-instances ${profile}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
