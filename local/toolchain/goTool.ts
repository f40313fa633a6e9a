import { createHash } from "node:crypto";
import { readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { cacheFolder } from "../paths.ts";
import type { Report } from "../report.ts";
import { boundChild } from "./boundChild.ts";
import { lastLines } from "./commandOutput.ts";
import { ensureDiskSpace, withDiskErrors } from "./disk.ts";
import { exists, flush, folderOnce } from "./folderOnce.ts";
import { ensureGo, goArchitecture, MachineError } from "./machine.ts";
import { goTools, type GoTool, type GoToolName } from "./pins.ts";

const modulesFolder = join(dirname(fileURLToPath(import.meta.url)), "go");

const buildFlags = (tool: GoTool): string[] => [
  "-buildvcs=false",
  "-trimpath",
  "-ldflags",
  [
    "-s",
    "-w",
    ...Object.entries(tool.variables).map(([name, value]) => `-X ${name}=${value}`),
  ].join(" "),
];

/**
 * Changes exactly when the binary would: its modules, their checksums, our main.go, the flags or
 * the architecture.
 */
export function toolKey(
  files: Readonly<Record<string, string>>,
  flags: readonly string[],
  architecture: string,
): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(files).sort()) hash.update(`${name}\0${files[name]}\0`);
  return hash
    .update([...flags, architecture].join("\0"))
    .digest("hex")
    .slice(0, 12);
}

async function readModule(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of ["go.mod", "go.sum", "main.go"]) {
    const path = join(folder, name);
    if (await exists(path)) files[name] = await readFile(path, "utf8");
  }
  return files;
}

/** The folder in the cache where a tool is, or will be. */
export async function goToolFolder(name: GoToolName): Promise<string> {
  const tool: GoTool = goTools[name];
  const key = toolKey(
    await readModule(join(modulesFolder, name)),
    [tool.source, ...tool.links, ...buildFlags(tool)],
    goArchitecture(),
  );
  return join(cacheFolder(), "tools", `${tool.name}-${tool.version}-${key}`);
}

/**
 * Builds a tool from its Go modules unless the cache has it. Returns the folder that holds the
 * binary under the tool's name, and under each of its further names.
 */
export async function ensureGoTool(name: GoToolName, report: Report): Promise<string> {
  const folder = await goToolFolder(name);
  if (await exists(folder)) return folder;
  const tool: GoTool = goTools[name];
  return report.step(`Build ${tool.name} ${tool.version}`, async (log) => {
    await ensureGo();
    return folderOnce(folder, (temporary) => build(tool, temporary, log), {
      // One build at a time, on the whole machine: two would take as long and twice the memory.
      lock: join(cacheFolder(), "tools", "build.lock"),
      onWait: () => log("waits for another build on this machine"),
    });
  });
}

async function build(tool: GoTool, folder: string, log: (line: string) => void): Promise<void> {
  const cwd = join(modulesFolder, tool.name);
  const env = {
    CGO_ENABLED: "0",
    GOFLAGS: "-mod=readonly",
    GOWORK: "off",
    GOTOOLCHAIN: "local",
    GOOS: process.platform, // the Pulumi CLI is also built for a cluster that exists, from a Mac
    GOARCH: goArchitecture(),
    GOTMPDIR: folder, // a small /tmp must not end a link
  };
  const caches = (await execa("go", ["env", "GOMODCACHE", "GOCACHE"], { cwd, env })).stdout.split(
    "\n",
  );
  const purpose = `building ${tool.name} ${tool.version}`;
  await ensureDiskSpace([dirname(folder), ...caches], tool.diskBytes, purpose);
  await withDiskErrors(dirname(folder), tool.diskBytes, purpose, async () => {
    const stale = await goCommand(
      [
        "list",
        "-deps",
        "-f",
        "{{if .Stale}}{{.ImportPath}}{{end}}",
        ...buildFlags(tool),
        tool.source,
      ],
      cwd,
      env,
      (line) => log(line.replace(/^go: /, "")),
    );
    const total = stale.split("\n").filter((line) => line !== "").length;
    const binary = join(folder, tool.name);
    let compiled = 0;
    await goCommand(
      ["build", "-v", "-o", binary, ...buildFlags(tool), tool.source],
      cwd,
      env,
      () => {
        compiled += 1;
        log(
          compiled < total
            ? `${compiled} of ${total} packages compiled (${Math.floor((100 * compiled) / total)} %)`
            : "all packages compiled, linking",
        );
      },
    );
    await flush(binary);
    for (const link of tool.links) await symlink(tool.name, join(folder, link));
    await execa(join(folder, tool.check.program), [...tool.check.args]).catch((error: unknown) => {
      throw new MachineError(
        `${tool.name} ${tool.version} was built, but does not run on this machine: ${String((error as Error).message)}`,
      );
    });
    await writeBuildNote(tool, folder, (await stat(binary)).size);
  });
}

async function goCommand(
  args: string[],
  cwd: string,
  env: Record<string, string>,
  onLine: (line: string) => void,
): Promise<string> {
  const child = execa(...boundChild("go", args), {
    cwd,
    env,
    reject: false,
    stdin: "ignore",
    maxBuffer: 100_000_000,
  });
  for await (const line of child.iterable({ from: "stderr" })) onLine(line);
  const result = await child;
  if (result.failed) {
    throw new Error(
      `go ${args[0]} in ${basename(cwd)} failed:\n${lastLines(result, 15, /^(go: downloading .*|[\w./-]*)$/)}`,
    );
  }
  return result.stdout;
}

async function writeBuildNote(tool: GoTool, folder: string, size: number): Promise<void> {
  const note = join(folder, "build.json");
  await writeFile(
    `${note}.new`,
    `${JSON.stringify({ name: tool.name, version: tool.version, source: tool.source, size }, undefined, 2)}\n`,
  );
  await rename(`${note}.new`, note);
}
