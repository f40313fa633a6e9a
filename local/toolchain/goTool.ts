import { createHash } from "node:crypto";
import { readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { cacheFolder } from "../paths.ts";
import type { Report } from "../report.ts";
import { boundChild } from "./boundChild.ts";
import { lastLines } from "./commandOutput.ts";
import { ensureDiskSpace, withDiskErrors } from "./disk.ts";
import { writeEmbeddedFiles } from "./embeddedFiles.ts";
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
 * The linker drops debug information (-s -w), so the compiler need not make it: an eighth less
 * work. The program does the same, so these flags are not part of the key.
 */
const faster = "-dwarf=false";

/**
 * Large generated clients of which the platform calls little or nothing. Without inlining they take
 * a quarter less time (measured with the plugin's SDK).
 */
const seldomCalled = [
  "cloud.google.com/go/...",
  "github.com/Azure/...",
  "github.com/aws/aws-sdk-go-v2/service/...",
  "github.com/envoyproxy/go-control-plane/...",
  "github.com/go-acme/...",
  "github.com/nrdcg/...",
  "github.com/pulumi/pulumi-kubernetes/sdk/...",
  "github.com/sacloud/...",
  "github.com/softlayer/...",
  "k8s.io/client-go/applyconfigurations/...",
];

const fasterFlags = [
  `-gcflags=all=${faster}`,
  ...seldomCalled.map((packages) => `-gcflags=${packages}=${faster} -l`),
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
    [
      tool.source,
      ...tool.links,
      ...buildFlags(tool),
      ...(tool.embedded === undefined ? [] : [JSON.stringify(tool.embedded)]),
    ],
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
    // Modules first, so that the network works for this tool while another one compiles.
    await onEnoughDisk(tool, folder, () => fetchModules(tool, log));
    return folderOnce(
      folder,
      (temporary) => onEnoughDisk(tool, folder, () => build(tool, temporary, log)),
      {
        // One build at a time, on the whole machine: two would take as long and twice the memory.
        lock: join(cacheFolder(), "tools", "build.lock"),
        onWait: () => log("waits for another build on this machine"),
      },
    );
  });
}

export const moduleFolder = (tool: GoTool): string => join(modulesFolder, tool.name);

export const goEnvironment = (): Record<string, string> => ({
  CGO_ENABLED: "0",
  GOFLAGS: "-mod=readonly",
  GOWORK: "off",
  GOTOOLCHAIN: "local",
  GOOS: process.platform, // the Pulumi CLI is also built for a cluster that exists, from a Mac
  GOARCH: goArchitecture(),
  // A quarter of the compiler's work is collecting garbage with Go's default of 100; the largest
  // package then takes 2.6 GiB and not 2.2.
  GOGC: process.env["GOGC"] ?? "400",
});

async function onEnoughDisk<T>(tool: GoTool, folder: string, work: () => Promise<T>): Promise<T> {
  const asked = await execa("go", ["env", "GOMODCACHE", "GOCACHE"], {
    cwd: moduleFolder(tool),
    env: goEnvironment(),
  });
  const purpose = `building ${tool.name} ${tool.version}`;
  await ensureDiskSpace([dirname(folder), ...asked.stdout.split("\n")], tool.diskBytes, purpose);
  return withDiskErrors(dirname(folder), tool.diskBytes, purpose, work);
}

/** Downloads what the tool's packages need, and no module of which it compiles nothing. */
async function fetchModules(tool: GoTool, log: (line: string) => void): Promise<void> {
  // -e: what main.go embeds is made only when the modules are there.
  await goCommand(["list", "-e", "-deps", tool.source], moduleFolder(tool), goEnvironment(), log);
}

async function build(tool: GoTool, folder: string, log: (line: string) => void): Promise<void> {
  const cwd = moduleFolder(tool);
  // A small /tmp must not end a link.
  const env = { ...goEnvironment(), GOTMPDIR: folder };
  const embedded = join(folder, "embedded");
  const flags = [...buildFlags(tool), ...fasterFlags, ...(await overlayFlags(tool, embedded, env))];
  const stale = await goCommand(
    ["list", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", ...flags, tool.source],
    cwd,
    env,
    log,
  );
  const total = stale.split("\n").filter((line) => line !== "").length;
  const binary = join(folder, tool.name);
  let compiled = 0;
  await goCommand(["build", "-v", "-o", binary, ...flags, tool.source], cwd, env, () => {
    compiled += 1;
    log(
      compiled < total
        ? `${compiled} of ${total} packages compiled (${Math.floor((100 * compiled) / total)} %)`
        : "all packages compiled, linking",
    );
  });
  await rm(embedded, { recursive: true, force: true });
  await flush(binary);
  for (const link of tool.links) await symlink(tool.name, join(folder, link));
  await execa(join(folder, tool.check.program), [...tool.check.args]).catch((error: unknown) => {
    throw new MachineError(
      `${tool.name} ${tool.version} was built, but does not run on this machine: ${String((error as Error).message)}`,
    );
  });
  await writeBuildNote(tool, folder, (await stat(binary)).size);
}

/** Makes what main.go embeds, in `folder`. */
async function overlayFlags(
  tool: GoTool,
  folder: string,
  env: Record<string, string>,
): Promise<string[]> {
  if (tool.embedded === undefined) return [];
  const { module, files } = tool.embedded;
  const cwd = moduleFolder(tool);
  const source = (await execa("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd, env })).stdout;
  return ["-overlay", await writeEmbeddedFiles(files, { from: source, into: folder, beside: cwd })];
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
  for await (const line of child.iterable({ from: "stderr" })) onLine(line.replace(/^go: /, ""));
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
