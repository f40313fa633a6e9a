import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import {
  endProcess,
  isAlive,
  parseStat,
  processStat,
  signalProcess,
  startedAt,
  withDescendants,
} from "../../../../local/platform/procfs.ts";

const line = (name: string): string =>
  `4242 (${name}) S 17 ${Array.from({ length: 17 }, (_, index) => index).join(" ")} 987654 1 2 3`;

test("a program's name may hold spaces and parentheses", () => {
  for (const name of ["etcd", "a b", "tmux: server (x)", ") S 1 ("]) {
    expect(parseStat(line(name))).toEqual({ state: "S", parent: 17, startTime: "987654" });
  }
});

test("descendants are found over several generations", () => {
  const parents = new Map([
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 1],
    [9, 8],
  ]);
  expect(withDescendants(2, parents).sort()).toEqual([2, 3, 4]);
});

test("a pid that was given to another process is not taken for the former one", async () => {
  const child = spawn("sleep", ["30"]);
  try {
    const pid = child.pid ?? 0;
    const stat = await processStat(pid);
    expect(stat).toBeDefined();
    const own = { pid, startTime: stat?.startTime ?? "" };
    const former = { pid, startTime: String(Number(own.startTime) - 1) };
    expect(await isAlive(own)).toBe(true);
    expect(await isAlive(former)).toBe(false);
    await signalProcess(former, "SIGKILL");
    expect(await isAlive(own)).toBe(true);
    expect(Math.abs((await startedAt(own)) - Date.now())).toBeLessThan(20_000);
  } finally {
    child.kill("SIGKILL");
  }
});

test("a process that ignores the polite signal is ended by force", async () => {
  const child = spawn("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const pid = child.pid ?? 0;
  const identity = { pid, startTime: (await processStat(pid))?.startTime ?? "" };
  await endProcess(identity, "SIGTERM", 200);
  expect(await isAlive(identity)).toBe(false);
});
