import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseRecord } from "../../../../local/platform/holder.ts";
import {
  definitionHash,
  lastLines,
  launchArguments,
  parseServiceRecord,
  sinceStart,
  type ServiceDefinition,
} from "../../../../local/platform/processes.ts";

const definition: ServiceDefinition = {
  name: "x",
  program: "/a/tools/x",
  args: ["--flag"],
  env: { SECRET: "s3cr3t" },
  configuration: ["text"],
};

test("the same definition has the same hash wherever its program lies", () => {
  expect(definitionHash({ ...definition, program: "/another/home/x" }, "f1")).toBe(
    definitionHash(definition, "f1"),
  );
});

test("whatever a service reads at its start changes the hash", () => {
  const others: [ServiceDefinition, string][] = [
    [definition, "f2"],
    [{ ...definition, args: ["--other"] }, "f1"],
    [{ ...definition, env: { SECRET: "other" } }, "f1"],
    [{ ...definition, user: "postgres" }, "f1"],
    [{ ...definition, configuration: ["changed"] }, "f1"],
    [{ ...definition, program: "/a/tools/y" }, "f1"],
  ];
  const hashes = others.map(([other, fingerprint]) => definitionHash(other, fingerprint));
  expect(new Set([...hashes, definitionHash(definition, "f1")]).size).toBe(others.length + 1);
});

test("no secret is among the arguments that start a service", () => {
  const args = launchArguments(
    { ...definition, user: "postgres" },
    { pid: 7, startTime: "1" },
    "/run/record",
    "hash",
    "/run/proc",
  );
  expect(args.join(" ")).not.toContain("s3cr3t");
  expect(args.slice(-5)).toEqual([
    "--reuid=postgres",
    "--regid=postgres",
    "--init-groups",
    "/a/tools/x",
    "--flag",
  ]);
});

test("a record that was cut off is no record", () => {
  expect(parseServiceRecord("12 345 abc\n")).toEqual({ pid: 12, startTime: "345", hash: "abc" });
  for (const text of ["", "12", "12 345", "x 345 abc", "12 y abc"])
    expect(parseServiceRecord(text)).toBeUndefined();
  expect(parseRecord("12 345\n")).toEqual({ pid: 12, startTime: "345" });
  for (const text of ["", "12", "a b"]) expect(parseRecord(text)).toBeUndefined();
});

test("a failure shows the lines of the last start only", () => {
  expect(sinceStart(["--- start 1", "old", "--- start 2", "new"])).toEqual(["new"]);
  expect(sinceStart(["cut off", "new"])).toEqual(["cut off", "new"]);
});

test("the last lines of a long log are read without reading all of it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "log-"));
  try {
    const path = join(folder, "x.log");
    await writeFile(path, Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(""));
    expect(await lastLines(path, 2)).toEqual(["line 49998", "line 49999"]);
    await writeFile(path, "only");
    expect(await lastLines(path, 5)).toEqual(["only"]);
    expect(await lastLines(join(folder, "none.log"), 5)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
