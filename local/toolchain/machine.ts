import { execa } from "execa";
import { minimumGo } from "./pins.ts";

/** A machine that lacks something. The message says what, and how to get it. */
export class MachineError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MachineError";
  }
}

export interface Machine {
  platform: string;
  arch: string;
  uid: number | undefined;
}

export const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  uid: process.getuid?.(),
});

const goArchitectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The name that Go gives to this machine's architecture. */
export function goArchitecture(machine: Machine = thisMachine()): string {
  const arch = goArchitectures[machine.arch];
  if (arch === undefined) {
    throw new MachineError(
      `Wrong architecture: the embedded platform runs on x86_64 and arm64, this machine is ${machine.arch}.`,
    );
  }
  return arch;
}

/**
 * Everything that the embedded platform needs of a machine before anything is downloaded; all that
 * is missing at once.
 */
export function checkMachine(machine: Machine = thisMachine()): void {
  const missing: string[] = [];
  const elsewhere =
    "Or name a cluster that exists: npm run local -- --context <kubeconfig context>.";
  if (machine.platform !== "linux")
    missing.push(
      `Linux: the embedded platform uses its network namespaces and cgroups, this is ${machine.platform}.`,
    );
  if (goArchitectures[machine.arch] === undefined) {
    missing.push(`the x86_64 or arm64 architecture (wrong architecture here: ${machine.arch}).`);
  }
  if (machine.platform === "linux" && machine.uid !== 0) {
    missing.push(
      "root: network namespaces and containers need it. Run the same command as root (sudo -E npm run local).",
    );
  }
  if (missing.length > 0)
    throw new MachineError(
      `The embedded platform needs\n${missing.map((line) => `  - ${line}`).join("\n")}\n${elsewhere}`,
    );
}

/** Compares "go1.26.8" (or "go1.27rc1") with the oldest Go that is good enough. */
export function goIsNewEnough(goVersion: string, minimum: string = minimumGo): boolean {
  const numbers = /^go(\d+)\.(\d+)(?:\.(\d+))?/.exec(goVersion);
  if (!numbers) return goVersion.startsWith("devel");
  const found = numbers.slice(1, 4).map((part) => Number(part ?? 0));
  const wanted = minimum.split(".").map(Number);
  for (let index = 0; index < 3; index++) {
    const difference = (found[index] ?? 0) - (wanted[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const howToGetGo = `Get it from the Go project's download page, or as your distribution's package where that is new enough (apt-get install golang-go), and put its bin folder on PATH.`;

export async function ensureGo(): Promise<void> {
  const result = await execa("go", ["env", "GOVERSION"], {
    reject: false,
    env: { GOTOOLCHAIN: "local" },
  });
  if (result.code === "ENOENT")
    throw new MachineError(
      `Go ${minimumGo} or newer is needed to build the tools of the embedded platform, and no go is on PATH. ${howToGetGo}`,
    );
  if (result.failed)
    throw new MachineError(
      `Go ${minimumGo} or newer is needed; "go env GOVERSION" failed: ${result.stderr || result.shortMessage}`,
    );
  if (!goIsNewEnough(result.stdout.trim()))
    throw new MachineError(
      `Go ${minimumGo} or newer is needed, this is ${result.stdout.trim()}. ${howToGetGo}`,
    );
}
