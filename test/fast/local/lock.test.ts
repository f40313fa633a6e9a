import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
    while (!(await readFile(path, "utf8").catch(() => "")).includes("up"))
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
    expect(said).toEqual([`up, process ${process.pid}`]);
  }));

it("is free when its holder was killed, and one of two that wait has it then", () =>
  inFolder(async (path) => {
    const module = fileURLToPath(new URL("../../../local/lock.ts", import.meta.url));
    const program = `import { takeLock } from ${JSON.stringify(module)};
      await takeLock(${JSON.stringify(path)}, "up"); console.log("has it"); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    await once(holder.stdout, "data");
    let [working, most] = [0, 0];
    const work = async (): Promise<void> => {
      working += 1;
      most = Math.max(most, working);
      await new Promise((resolve) => setTimeout(resolve, 50));
      working -= 1;
    };
    const waiting = Array.from({ length: 4 }, () => withLock(path, "up", work, () => undefined));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(most).toBe(0);
    holder.kill("SIGKILL");
    await Promise.all(waiting);
    expect(most).toBe(1);
  }));

it("is free again after an error", () =>
  inFolder(async (path) => {
    await expect(withLock(path, "up", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock(path, "up", () => Promise.resolve("worked"))).toBe("worked");
  }));
