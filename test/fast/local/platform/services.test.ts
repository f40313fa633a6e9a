import { expect, test } from "vitest";
import {
  clusterObjects,
  runInOrder,
  servicePlans,
  serviceStops,
  stopOrder,
} from "../../../../local/platform/services.ts";

const step = (name: string, after: string[], log: string[], ms = 1) => ({
  name,
  after,
  async run() {
    log.push(`+${name}`);
    await new Promise((resolve) => setTimeout(resolve, ms));
    log.push(`-${name}`);
    return name;
  },
});

test("a step begins when all that it waits for is done, and others run beside it", async () => {
  const log: string[] = [];
  await runInOrder([step("c", ["a", "b"], log), step("a", [], log, 20), step("b", [], log)]);
  expect(log.slice(0, 2).sort()).toEqual(["+a", "+b"]);
  expect(log.indexOf("+c")).toBeGreaterThan(log.indexOf("-a"));
  expect(log.filter((line) => line === "+a")).toHaveLength(1);
});

test("a failure reaches the caller and nothing that waits for it begins", async () => {
  const log: string[] = [];
  const failing = { name: "a", after: [], run: () => Promise.reject(new Error("no")) };
  await expect(runInOrder([failing, step("b", ["a"], log)])).rejects.toThrow("no");
  expect(log).toEqual([]);
});

test("steps that wait for each other or for nothing known are an error", async () => {
  await expect(runInOrder([step("a", ["b"], []), step("b", ["a"], [])])).rejects.toThrow(
    "Steps wait for each other: a -> b -> a",
  );
  await expect(runInOrder([step("a", ["z"], [])])).rejects.toThrow(
    "a waits for z, which is no step",
  );
});

test("the plan can be carried out and every service is stopped exactly once", async () => {
  const names = servicePlans.map(({ name }) => name);
  const log: string[] = [];
  await runInOrder([
    ...servicePlans.map(({ name, after }) => step(name, [...after], log)),
    step(clusterObjects, ["kube-apiserver"], log),
  ]);
  expect(log.indexOf("+kubelet")).toBeGreaterThan(log.indexOf("-network-policies"));
  expect(stopOrder.flat().sort()).toEqual([...names].sort());
  for (const name of Object.keys(serviceStops)) expect(names).toContain(name);
});
