import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withLock } from "../../../local/lock.ts";

const inFolder = async (work: (path: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "lock-"));
  try {
    await work(join(folder, "sub", "lock"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

it("lets one command work at a time and says for whom the other waits", () =>
  inFolder(async (path) => {
    const events: string[] = [];
    const said: string[] = [];
    let end = (): void => undefined;
    const first = withLock(path, "up", () =>
      new Promise<void>((resolve) => (end = resolve)).then(() => void events.push("first")),
    );
    while (!(await readFile(path, "utf8").catch(() => "")).includes('"up"'))
      await new Promise((resolve) => setTimeout(resolve, 10));
    const second = withLock(
      path,
      "down",
      () => Promise.resolve().then(() => void events.push("second")),
      (line) => void said.push(line),
    );
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    end();
    await Promise.all([first, second]);
    expect(events).toEqual(["first", "second"]);
    expect(said).toEqual([
      `Waiting for another command (up, process ${process.pid}) that is at work on this platform`,
    ]);
  }));

it("takes over the lock of a process that is gone, or whose number another process has now", () =>
  inFolder(async (path) => {
    await withLock(path, "up", () => Promise.resolve());
    for (const holder of [
      { pid: 2 ** 22 + 1, startTime: "1", purpose: "up" },
      { pid: process.pid, startTime: "1", purpose: "up" },
    ]) {
      await writeFile(path, JSON.stringify(holder));
      expect(await withLock(path, "up", () => Promise.resolve("worked"))).toBe("worked");
    }
  }));

it("is free again after an error", () =>
  inFolder(async (path) => {
    await expect(withLock(path, "up", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock(path, "up", () => Promise.resolve("worked"))).toBe("worked");
  }));
